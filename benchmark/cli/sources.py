"""fewbench data: identify, convert, audit, filters."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from .console import Json, emit, progress_bars, table
from .options import Name, Root, find


def identify(
    path: Annotated[Path, typer.Argument(help="File, folder or archive.")],
    originals: Annotated[
        Path | None,
        typer.Option(
            help="The same pictures in full size: tells which filter made the small ones"
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Say what a file or folder is: dataset, form, split, channels, resampling; and what to do."""
    from ...datasets.inspection.identify import identify as identify_source

    known = {name: asdict(one) for name, one in identify_source(path).items()}
    lines: list[str] = []
    for name, facts in known.items():
        lines += [
            name,
            *(f"  {key:11} {value}" for key, value in facts.items() if value),
        ]
    document: dict[str, object] = {"path": str(path), "found": known}
    if originals is not None:
        from ...datasets.inspection.resampling import resampling_family

        family = document["resampling"] = resampling_family(path, originals)
        rows = [[name, f"{difference:.2f}"] for name, difference in family.items()]
        lines += [
            "",
            table(["filter", "mean difference to the originals, grey levels"], rows),
        ]
    emit(document, "\n".join(lines), as_json)


def filters(
    source: Annotated[
        Path, typer.Argument(help="Folder or archive of full-size pictures.")
    ],
    out: Annotated[Path, typer.Option(help="PNG file to write.")],
    count: Annotated[int, typer.Option(min=1, help="Pictures, evenly spread.")] = 12,
    as_json: Json = False,
) -> None:
    """Show pictures resized to 84 x 84 by every named filter, side by side."""
    from ...datasets.archives.tree import open_tree
    from ...datasets.images.decode import decode
    from ...datasets.images.resample import RESAMPLING
    from ...datasets.info import DataError
    from ...datasets.inspection.filter_sheet import filter_sheet
    from ...datasets.layouts.source_files import PICTURES

    with open_tree(source) as tree:
        names = [name for name in tree.names() if name.lower().endswith(PICTURES)]
        if not names:
            raise DataError(
                f"{source}: holds no JPEG or PNG. Name a folder or archive with some"
            )
        some = [names[i * len(names) // count] for i in range(min(count, len(names)))]
        pictures = [
            (Path(name).stem, decode(tree.read(name), name, "RGB")) for name in some
        ]
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(filter_sheet(pictures))
    document = {"path": str(out), "pictures": some, "filters": list(RESAMPLING)}
    emit(
        document,
        f"wrote {out}: {len(some)} pictures by {len(RESAMPLING)} filters",
        as_json,
    )


def convert(
    name: Name,
    to: Annotated[str, typer.Option(help="Form: torchmeta, cache or images.")],
    out: Annotated[Path, typer.Option(help="Folder to make.")],
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Write a build back out: torchmeta's HDF5, the cache pickle, or image folders with CSVs."""
    from ...datasets.export import convert as convert_splits
    from ...datasets.root import built_splits, data_root

    stores = list(built_splits(find(name), data_root(root)).values())
    with progress_bars() as progress:
        files = convert_splits(stores, to, out, progress)
    document = {"dataset": name, "form": to, "files": [str(path) for path in files]}
    emit(document, "\n".join(f"wrote {path}" for path in files), as_json)


def audit(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Built datasets; without any, the class lists alone."),
    ] = None,
    pairs: Annotated[
        int, typer.Option(min=0, help="Pairs of equal images to name.")
    ] = 20,
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Report classes and images that two splits share, within a dataset and between datasets."""
    from ...datasets.inspection.audit import Audit, audit_lists
    from ...datasets.inspection.audit import audit as audit_splits
    from ...datasets.root import built_splits, data_root

    where = data_root(root)
    stores = [
        store
        for name in names or ()
        for store in built_splits(find(name), where).values()
    ]
    if stores:
        with progress_bars() as progress:
            found = audit_splits(stores, pairs, progress)
    else:
        found = Audit(0, tuple(audit_lists()), ())
    lines = [
        f"{one.first} and {one.second} share {len(one.names)} classes: {', '.join(one.names)}"
        for one in found.overlaps
    ]
    for two in found.duplicates:
        lines.append(
            f"{two.first} and {two.second}: {two.count:,} images of equal pixels"
        )
        lines += [f"  {first} = {second}" for first, second in two.pairs]
    what = (
        f"{found.n_images:,} images compared"
        if stores
        else "published class lists compared"
    )
    lines.append(
        f"{what}: {len(found.overlaps)} overlaps, {found.n_duplicates:,} equal images"
    )
    emit(asdict(found), "\n".join(lines), as_json)
