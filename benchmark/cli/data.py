"""fewbench data: list, build, verify, info, show."""

from pathlib import Path
from typing import Annotated, Any

import typer

from .console import Json, emit, progress_bars, table
from .options import Name, Root, find

app = typer.Typer(help="Build, check and look at datasets.", no_args_is_help=True)


@app.command("list")
def list_datasets(root: Root = None, as_json: Json = False) -> None:
    """Which datasets there are, and which are built."""
    from ...datasets import BUILDERS
    from ...datasets.root import data_root
    from ...datasets.store.manifest import read_manifest

    where = data_root(root)
    rows, document = [], {}
    for name, info in BUILDERS.items():
        manifest = read_manifest(where / name)
        if manifest is None and info.title.rpartition(", ")[2] == info.resampling:
            continue  # a variant that nobody has built
        splits = {split: counts.n_classes for split, counts in info.splits.items()}
        images = sum(counts.n_images for counts in info.splits.values())
        classes = "/".join(map(str, splits.values()))
        state = "embedded" if info.embedded else "not built"
        if manifest:
            state = "partial" if manifest["partial"] else "built"
            there = manifest["splits"]
            splits = {
                split: there.get(split, {}).get("n_classes", 0) for split in info.splits
            }
            images = sum(counts["n_images"] for counts in there.values())
        document[name] = {
            "built": manifest is not None,
            "partial": bool(manifest and manifest["partial"]),
            "classes": splits,
            "images": images,
            "title": info.title,
        }
        rows.append([name, state, classes, f"{images:,}", info.title])
    header = ["dataset", "state", "train/val/test", "images", "title"]
    emit(
        {"root": str(where), "datasets": document},
        f"{table(header, rows)}\n\n{where}",
        as_json,
    )


@app.command()
def build(
    name: Name,
    source: Annotated[
        Path | None,
        typer.Option(
            help="Folder or archive with the data in any known form; else downloaded."
        ),
    ] = None,
    resampling: Annotated[
        str | None,
        typer.Option(help="Another filter, built as NAME-FILTER, e.g. lanczos."),
    ] = None,
    allow_missing: Annotated[
        bool,
        typer.Option("--allow-missing", help="Build what is there, marked as partial."),
    ] = False,
    offline: Annotated[bool, typer.Option("--offline", help="Never download.")] = False,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Build again what is built.")
    ] = False,
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Build a dataset from its official files, checked before and after."""
    from ...datasets.build import build as build_dataset
    from ...datasets.info import Request
    from ...datasets.root import data_root

    info = find(name, resampling)
    request = Request(source, allow_missing, offline)
    with progress_bars() as progress:
        built = build_dataset(
            info, data_root(root), request, rebuild=rebuild, progress=progress
        )
    first = "already built" if built.already_built else "built"
    if built.already_built and source is not None:
        first += " (the source was not looked at; --rebuild builds from it)"
    if built.manifest["partial"]:
        first += ", PARTIAL: not the real dataset,"
    text = f"{info.name}: {first} in {built.folder}\n{_describe(built.manifest)}"
    emit({**built.manifest, "already_built": built.already_built}, text, as_json)


@app.command()
def verify(
    name: Name,
    quick: Annotated[
        bool,
        typer.Option(
            "--quick", help="Structure and the images of a few random classes."
        ),
    ] = False,
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Read every byte of a build again and compare with its recorded hash."""
    from ...datasets.info import DataError
    from ...datasets.root import data_root
    from ...datasets.root import verify as verify_build

    info = find(name)
    where = data_root(root)
    _require_built(info, where)
    try:
        fingerprints = verify_build(info, where, quick=quick)
    except DataError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from None
    what = (
        "structure and sampled classes" if quick else "every byte read again, content"
    )
    lines = [f"{info.name}: {what} as recorded"]
    lines += [f"  {split:5} sha256 {sha256}" for split, sha256 in fingerprints.items()]
    document = {"dataset": name, "quick": quick, "content_sha256": fingerprints}
    emit(document, "\n".join(lines), as_json)


@app.command("info")
def show_info(name: Name, root: Root = None, as_json: Json = False) -> None:
    """The card of a dataset: counts, split, licence, citation, and its build."""
    from ...datasets.root import data_root
    from ...datasets.store.manifest import read_manifest

    info = find(name)
    manifest = read_manifest(data_root(root) / info.name)
    card: dict[str, Any] = {
        "name": info.name,
        "title": info.title,
        "image_shape": list(info.image_shape),
        "classes": {split: counts.n_classes for split, counts in info.splits.items()},
        "images": {split: counts.n_images for split, counts in info.splits.items()},
        "split_scheme": info.split_scheme,
        "resampling": info.resampling,
        "polarity": info.polarity,
        "licence": info.licence,
        "citation": info.citation,
        "sources": [source.filename for source in info.sources] or ["embedded"],
        "forms": list(info.forms),
    }
    lines = [
        f"{key:13} {_flat(value)}" for key, value in card.items() if key != "forms"
    ]
    lines += [f"builds from    {form}" for form in info.forms]
    lines.append(
        _describe(manifest) if manifest else f"not built: fewbench data build {name}"
    )
    emit({**card, "build": manifest}, "\n".join(lines), as_json)


@app.command()
def show(
    name: Name,
    out: Annotated[Path, typer.Option(help="PNG file to write.")],
    split: Annotated[str, typer.Option(help="train, val or test.")] = "test",
    classes: Annotated[
        int, typer.Option(min=1, help="Rows: classes, evenly spread.")
    ] = 24,
    images: Annotated[
        int, typer.Option(min=1, help="Columns: images of each class.")
    ] = 10,
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Write a contact sheet of a split."""
    from ...datasets.inspection.contact_sheet import contact_sheet
    from ...datasets.root import data_root, open_split
    from ...datasets.view import ImageView

    store = open_split(find(name), data_root(root), split)
    picture = contact_sheet(ImageView([store]), classes, images)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(picture)
    emit({"path": str(out), "bytes": len(picture)}, f"wrote {out}", as_json)


def _require_built(info: Any, where: Path) -> None:
    """A build that is missing is wrong usage (2), not a failed check (1)."""
    from ...datasets.root import open_split

    if not (where / info.name).exists():
        open_split(info, where, next(iter(info.splits)))


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {item:,}" for key, item in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _describe(manifest: dict[str, Any]) -> str:
    splits = manifest["splits"]
    lines = [
        f"  {split:5} {counts['n_classes']:>5} classes {counts['n_images']:>7,} images  "
        f"sha256 {counts['content_sha256']}"
        for split in ("train", "val", "test")
        if (counts := splits.get(split))
    ]
    lines.append(f"  from {manifest['form']}; pixels: {manifest['resampling']}")
    lines += [f"  checked: {check}" for check in manifest["checks"]]
    if manifest["partial"]:
        lines.append("  PARTIAL: built from incomplete data, not the real dataset")
    return "\n".join(lines)
