"""The commands `identify`, `convert`, `audit` and `filters` of `fewbench data`."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fewbench.documents import counted, in_lines
from fewbench.files import write_bytes

from .console import emit, progress_bars
from .inputs import find_dataset, new_file, require_new_file
from .options import DatasetName, Json, Overwrite, Root

if TYPE_CHECKING:
    from PIL.Image import Image

    from ...datasets.inspection.audit import Audit


UNKNOWN_INPUT = 2  # the exit code of `identify` if it knows nothing of what is there


def identify(
    path: Annotated[
        Path,
        typer.Argument(metavar="PATH", help="File, folder or archive to identify."),
    ],
    originals: Annotated[
        Path | None,
        typer.Option(
            help="Folder or archive with some of the same images in full size. They are "
            "found by their names, or else by their content. If given, also show which "
            "geometry, filter and JPEG quality explain the images in PATH best."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Identify the dataset in a file or folder, and show how to build it.

    Also show the layout, the split, the channels and the resizing filter. The exit
    code is 2 if fewbench knows nothing of what is there.
    """
    from ...datasets.inspection.identify import identify as identify_source

    known = {}
    identities = identify_source(path)
    for name, identity in identities.items():
        known[name] = asdict(identity)
    # Scripts that read this JSON document expect the layout under the key "form".
    found = {name: {**facts, "form": facts["layout"]} for name, facts in known.items()}
    for facts in found.values():
        del facts["layout"]
    document: dict[str, Any] = {"path": str(path), "found": found}
    text = known_text(known)
    if originals is not None:
        more, explained = _explained(path, originals)
        document |= more
        text += f"\n\n{explained}"
    emit(document, text, as_json)
    if not any(one.is_known for one in identities.values()):
        raise typer.Exit(UNKNOWN_INPUT)


def filters(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SOURCE", help="Folder or archive with images in full size."
        ),
    ],
    out: Annotated[Path, typer.Option(help="PNG file to write.")],
    count: Annotated[
        int,
        typer.Option(
            min=1,
            help="Number of images to use, spread evenly over their sorted names.",
        ),
    ] = 12,
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    """Write a PNG that compares resizing filters on some images.

    Each image is resized to 84 x 84 pixels by each filter.
    """
    from ...datasets.images.resample import RESAMPLING
    from ...datasets.inspection.filter_sheet import filter_sheet

    require_new_file(out, overwrite)
    images = read_some_images(source, count)
    named = []
    for name, image in images.items():
        named.append((Path(name).stem, image))
    with new_file(out, overwrite):
        write_bytes(out, filter_sheet(named))
    document = {
        "path": str(out),
        "pictures": list(images),
        "filters": list(RESAMPLING),
    }
    n_images = counted(len(images), "image")
    text = f"wrote {out}: {n_images} by {len(RESAMPLING)} filters"
    emit(document, text, as_json)


def convert(
    name: DatasetName,
    to: Annotated[
        str,
        typer.Option(
            help="Format to write: torchmeta (HDF5 files as in torchmeta), cache "
            "(pickle files such as mini-imagenet-cache-train.pkl), or images (folders "
            "of PNG files, with CSV files)."
        ),
    ],
    out: Annotated[Path, typer.Option(help="New folder for the exported files.")],
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Export a built dataset to a format that other few-shot code reads."""
    from ...datasets.export import convert as convert_splits
    from ...datasets.root import built_splits, data_root

    stores = built_splits(find_dataset(name, root), data_root(root))
    with progress_bars() as progress:
        paths = convert_splits(list(stores.values()), to, out, progress)
    files = list(map(str, paths))
    document = {"dataset": name, "form": to, "files": files}
    emit(document, in_lines(f"wrote {file}" for file in files), as_json)


def audit(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME...]",
            help="Names of built datasets. Without names, only the published class "
            "lists of miniImageNet and tieredImageNet are compared.",
        ),
    ] = None,
    pairs: Annotated[
        int,
        typer.Option(
            min=0,
            help="Largest number of equal images to list for each pair of splits.",
        ),
    ] = 20,
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Find classes and images that two splits share, within and across datasets."""
    from ...datasets.inspection.audit import Audit, audit_lists
    from ...datasets.inspection.audit import audit as audit_splits
    from ...datasets.root import built_splits, data_root

    where = data_root(root)
    stores = []
    for name in names or ():
        stores += built_splits(find_dataset(name, root), where).values()
    if stores:
        with progress_bars() as progress:
            found = audit_splits(stores, pairs, progress)
        compared = f"{counted(found.n_images, 'image')} compared"
    else:
        found = Audit(0, tuple(audit_lists()), ())
        compared = "published class lists compared"
    emit(asdict(found), audit_text(found, compared), as_json)


def known_text(known: dict[str, dict[str, Any]]) -> str:
    """Return the facts about each file in a source as text.

    known: file name -> facts by name
    """
    lines = []
    for name, facts in known.items():
        lines.append(name)
        for key, value in facts.items():
            if value:
                lines.append(f"  {key:11} {value}")
    return in_lines(lines)


def audit_text(found: "Audit", compared: str) -> str:
    """Return the classes and images that splits share, and their numbers, as text.

    compared: the start of the last line, which says what was compared, such as
        "600 images compared"
    """
    lines = []
    for overlap in found.overlaps:
        n_classes = len(overlap.names)
        shared = ", ".join(overlap.names)
        lines.append(
            f"{overlap.first} and {overlap.second} share "
            f"{counted(n_classes, 'class', 'classes')}: {shared}"
        )
    for same in found.duplicates:
        lines.append(
            f"{same.first} and {same.second}: {same.count:,} images of equal pixels"
        )
        for first, second in same.pairs:
            lines.append(f"  {first} = {second}")
    n_overlaps = len(found.overlaps)
    lines.append(
        f"{compared}: {n_overlaps} overlaps, {found.n_duplicates:,} equal images"
    )
    return in_lines(lines)


def read_some_images(source: Path, count: int) -> "dict[str, Image]":
    """Read at most `count` images from a source. Return file name -> image.

    The images are spread evenly over the sorted file names.
    Raises DataError if the source has no JPEG or PNG image.
    """
    from ...datasets.images.decode import decode
    from ...datasets.info import DataError, Request
    from ...datasets.layouts.source_file import IMAGE_SUFFIXES
    from ...datasets.layouts.source_files import open_source

    with open_source(Request(source)).tree as tree:
        names = [name for name in tree.names() if name.lower().endswith(IMAGE_SUFFIXES)]
        if not names:
            raise DataError(
                f"{source}: expected JPEG or PNG images, found none. Choose a folder "
                f"or an archive that has such images"
            )
        count = min(count, len(names))
        images = {}
        for place in range(count):
            name = names[place * len(names) // count]
            images[name] = decode(tree.read(name), name, "RGB")
    return images


def _explained(path: Path, originals: Path) -> tuple[dict[str, Any], str]:
    """Compare images with their originals. Return the findings as JSON and as text."""
    from ...datasets.inspection.explanation import explain
    from ...datasets.inspection.resampling import original_pairs, resampling_family
    from .describe_originals import explanation_document, explanation_text

    with progress_bars() as progress:
        found = original_pairs(path, originals, progress)
    explanation = explain(found.pairs)
    document = {
        "resampling": resampling_family(found.pairs),
        "originals": explanation_document(found, explanation),
    }
    return document, explanation_text(found, explanation)
