"""List the images of miniImageNet in ILSVRC2012's training set.

The split list of Ravi & Larochelle names images by number. Number k is the k-th file of
the class, counted from 1.
"""

import hashlib
from collections.abc import Mapping

from ..info import ClassImages, DataError
from .ilsvrc import ClassFiles, check_count
from .ravi_split import GET_ALL, RaviSplit
from .search import Search

_FoundClasses = Mapping[str, ClassFiles]  # wnid -> files


def listed_images(
    search: Search, ravi: RaviSplit, found: _FoundClasses
) -> list[ClassImages]:
    """Return the classes of miniImageNet, with exactly the images in the split list.

    found: wnid -> image files in the source
    Raises DataError if a class is missing, if its number of files is impossible, or if
    the chosen file names have another sha256 than published.
    """
    classes: list[ClassImages] = []
    mappings = dict.fromkeys(ravi.mapping_sha256, "")
    for wnid, (split, numbers) in sorted(ravi.numbers.items()):
        if wnid not in found:
            raise DataError(f"{search.label}: class {wnid} is missing. {GET_ALL}")
        files = found[wnid]
        n_images = len(files.members)
        fewest, most = ravi.counts[wnid]
        check_count(wnid, n_images, fewest, most)
        positions = [number - 1 for number in numbers]
        names = ravi.names(wnid)
        mappings[split] += _mapping_lines(files, positions, names)
        images = search.class_images(
            split,
            files,
            positions,
            names,
        )
        classes.append(images)
    for split, mapping in mappings.items():
        _check_mapping(split, mapping, ravi, found)
    return classes


def first_images(
    search: Search, ravi: RaviSplit, found: _FoundClasses
) -> list[ClassImages]:
    """Return the found classes, with the first files of each class.

    These files replace the images in the split list. A class gets as many images as in
    the split list, or fewer if files are missing. The images keep their file names from
    ILSVRC2012.
    found: wnid -> image files in the source
    """
    classes = []
    for wnid, files in sorted(found.items()):
        n_listed = len(ravi.names(wnid))
        n_images = min(n_listed, len(files.members))
        images = search.class_images(
            ravi.split(wnid),
            files,
            positions=range(n_images),
            names=files.names[:n_images],
        )
        classes.append(images)
    return classes


def _mapping_lines(
    files: ClassFiles, positions: list[int], names: tuple[str, ...]
) -> str:
    """Return a text with one line for each image.

    A line is: name in the CSVs, tab, file name in ILSVRC2012.
    positions: the positions in `files` of the images
    names: the names of the images in the CSVs
    """
    lines = []
    file_names = files.names
    for name, position in zip(names, positions, strict=True):
        file_name = file_names[position]
        lines.append(f"{name}\t{file_name}.JPEG\n")
    return "".join(lines)


def _check_mapping(
    split: str, mapping: str, ravi: RaviSplit, found: _FoundClasses
) -> None:
    """Raise DataError if the sha256 of `mapping` is not the published sha256.

    mapping: the text from `_mapping_lines` for all classes of the split
    """
    expected = ravi.mapping_sha256[split]
    got = hashlib.sha256(mapping.encode()).hexdigest()
    if got == expected:
        return
    uncertain = _uncertain_classes(split, ravi, found)
    raise DataError(
        f"{split}: the files at the expected positions are not those in the split list: "
        f"expected image names with sha256 {expected}, got {got}. A file was added, removed or "
        f"renamed, most likely in one of the classes whose exact number of files is not "
        f"known (number of files found): {uncertain}. Unpack their tars again"
    )


def _uncertain_classes(split: str, ravi: RaviSplit, found: _FoundClasses) -> str:
    """Return the classes of a split whose exact number of images is not known.

    Each wnid is followed by the number of files found.
    """
    classes = []
    for wnid in ravi.wnids_of(split):
        fewest, most = ravi.counts[wnid]
        if fewest < most:
            n_found = len(found[wnid].members)
            classes.append(f"{wnid} ({n_found})")
    return ", ".join(classes) or "none"
