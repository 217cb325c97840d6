"""miniImageNet from ILSVRC2012's training set: image k of a class is its k-th file, from 1."""

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
    """The images of the split list.

    Raises DataError unless every one of them is certainly the image that the list means.
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
    """As many images of each class as the list has, from its first file on.

    They keep the file names of ILSVRC2012.
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
    """A line "name in the split list, tab, file name in ILSVRC2012" for each image."""
    lines = []
    file_names = files.names
    for name, position in zip(names, positions, strict=True):
        file_name = file_names[position]
        lines.append(f"{name}\t{file_name}.JPEG\n")
    return "".join(lines)


def _check_mapping(
    split: str, mapping: str, ravi: RaviSplit, found: _FoundClasses
) -> None:
    """Raises DataError when the file names are not those of the published mapping."""
    expected = ravi.mapping_sha256[split]
    got = hashlib.sha256(mapping.encode()).hexdigest()
    if got == expected:
        return
    uncertain = _uncertain_classes(split, ravi, found)
    raise DataError(
        f"{split}: image numbers do not lead to the images of the split list: expected "
        f"mapping sha256 {expected}, got {got}. A file was added, removed or renamed, "
        f"most likely in a class whose exact count is not known (found): {uncertain}. "
        f"Unpack the tars of these classes again"
    )


def _uncertain_classes(split: str, ravi: RaviSplit, found: _FoundClasses) -> str:
    """The classes whose number of images is not known exactly, with how many were found."""
    classes = []
    for wnid in ravi.wnids_of(split):
        fewest, most = ravi.counts[wnid]
        if fewest < most:
            n_found = len(found[wnid].members)
            classes.append(f"{wnid} ({n_found})")
    return ", ".join(classes) or "none"
