"""The commands `list`, `build`, `verify`, `info` and `show` of `fewbench data`."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fewbench.documents import in_lines
from fewbench.errors import UserError
from fewbench.files import write_bytes

from . import completion
from .console import emit, progress_bars, say_error
from .inputs import find_dataset, new_file, require_new_file
from .options import DatasetName, Json, Overwrite, Root

if TYPE_CHECKING:
    from ...datasets.info import DatasetInfo

app = typer.Typer(
    help="Build, check, inspect and export datasets.", no_args_is_help=True
)
CHECK_FAILED = 1  # the exit code if a build differs from its recorded hash


@app.command("list")
def list_datasets(root: Root = None, as_json: Json = False) -> None:
    """List all datasets, with their sizes. Show which datasets are built."""
    from ...datasets.catalogue import all_datasets
    from ...datasets.root import data_root
    from ...datasets.store.manifest import read_manifest
    from ...reports.tables.text import text_table
    from .describe_build import is_resampled_variant, state_document, state_row

    where = data_root(root)
    rows = []
    document = {}
    for name, info in all_datasets(where).items():
        manifest = read_manifest(where / name)
        if manifest is None and is_resampled_variant(info):
            continue  # there are many variants, and most are never built
        rows.append(state_row(info, manifest))
        document[name] = state_document(info, manifest)
    header = ["dataset", "state", "train/val/test", "images", "on disk", "title"]
    there = str(where)
    if where.exists() and not where.is_dir():
        there += " (this is no folder; choose another one with --root)"
    elif not where.is_dir():
        there += " (there is no such folder yet; the first build makes it)"
    text = f"{text_table(header, rows)}\n\n{there}"
    answer = {"root": str(where), "exists": where.is_dir(), "datasets": document}
    emit(answer, text, as_json)


@app.command()
def build(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME...",
            help="Names of datasets. `fewbench data list` shows all.",
            autocompletion=completion.datasets,
        ),
    ],
    source: Annotated[
        Path | None,
        typer.Option(
            help="Folder, archive or folder of archives with the data. `fewbench data "
            "info NAME` lists the possible layouts. Default: download the data."
        ),
    ] = None,
    resampling: Annotated[
        str | None,
        typer.Option(
            help="Resize the images with another filter, e.g. lanczos. The build is "
            "then called NAME-FILTER."
        ),
    ] = None,
    size: Annotated[
        int | None,
        typer.Option(
            help="Height and width of the images, e.g. 224, made from the original "
            "images. If it is not the usual size, the build is called NAME@SIZE, and is "
            "found by this name in all commands."
        ),
    ] = None,
    allow_missing: Annotated[
        bool,
        typer.Option(
            "--allow-missing",
            help="Build even if images are missing. The build is marked as partial.",
        ),
    ] = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="Do not download anything.")
    ] = False,
    rebuild: Annotated[
        bool,
        typer.Option(
            "--rebuild", help="Build the dataset again even if it is built already."
        ),
    ] = False,
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Build datasets from their official files. Check the files and the results.

    They are built one after the other. If a build fails, those before it are kept.
    """
    from ...datasets.build import build as build_dataset
    from ...datasets.info import Request
    from ...datasets.root import data_root
    from .describe_build import built_text

    if len(names) > 1 and source is not None:
        raise UserError(
            f"--source {source}: belongs to a single dataset: expected one NAME, got "
            f"{', '.join(names)}. Type for example: fewbench data build {names[0]} "
            f"--source {shlex.quote(str(source))}"
        )
    infos = [find_dataset(name, root, resampling, size) for name in names]
    request = Request(source, allow_missing, offline)
    documents: dict[str, dict[str, Any]] = {}
    for info in infos:
        with progress_bars() as progress:
            built = build_dataset(
                info, data_root(root), request, rebuild=rebuild, progress=progress
            )
        document = {**built.manifest, "already_built": built.already_built}
        documents[info.name] = document
        if not as_json:
            text = f"{info.name}: {built_text(built, from_source=source is not None)}"
            emit(document, text, as_json)
    if as_json:
        several = {"datasets": documents}
        emit(several if len(names) > 1 else documents[infos[0].name], "", as_json)


@app.command()
def verify(
    name: DatasetName,
    quick: Annotated[
        bool,
        typer.Option(
            "--quick",
            help="Check only the structure, and the images in a few random classes.",
        ),
    ] = False,
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Read every byte of a build again, and compare the content with recorded hashes.

    The exit code is 1 if a hash differs.
    """
    from ...datasets.info import DataError
    from ...datasets.root import data_root
    from ...datasets.root import verify as verify_build

    info = find_dataset(name, root)
    where = data_root(root)
    _require_built(info, where)
    try:
        fingerprints = verify_build(info, where, quick=quick)
    except DataError as error:
        say_error(error)
        raise typer.Exit(CHECK_FAILED) from None
    what = "every byte read again, content"
    if quick:
        what = "structure and sampled classes"
    lines = [f"{info.name}: {what} as recorded"]
    for split, sha256 in fingerprints.items():
        lines.append(f"  {split:5} sha256 {sha256}")
    document = {"dataset": name, "quick": quick, "content_sha256": fingerprints}
    emit(document, in_lines(lines), as_json)


@app.command("info")
def show_info(name: DatasetName, root: Root = None, as_json: Json = False) -> None:
    """Show facts about a dataset: counts, splits, licence, citation, layouts, build."""
    from ...datasets.root import data_root
    from ...datasets.store.manifest import read_manifest
    from .describe_build import info_document, info_text

    info = find_dataset(name, root)
    manifest = read_manifest(data_root(root) / info.name)
    document = {**info_document(info), "build": manifest}
    emit(document, info_text(info, manifest), as_json)


@app.command()
def show(
    name: DatasetName,
    out: Annotated[Path, typer.Option(help="PNG file to write.")],
    split: Annotated[str, typer.Option(help="Split: train, val or test.")] = "test",
    classes: Annotated[
        int,
        typer.Option(
            min=1, help="Number of classes to show, spread evenly over the split."
        ),
    ] = 24,
    images: Annotated[
        int, typer.Option(min=1, help="Number of images to show for each class.")
    ] = 10,
    overwrite: Overwrite = False,
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Write a PNG with example images from some classes of a split."""

    from ...datasets.inspection.contact_sheet import contact_sheet
    from ...datasets.root import data_root, open_split
    from ...datasets.view import ImageView

    require_new_file(out, overwrite)
    store = open_split(find_dataset(name, root), data_root(root), split)
    png = contact_sheet(ImageView([store]), classes, images)
    with new_file(out, overwrite):
        write_bytes(out, png)
    emit({"path": str(out), "bytes": len(png)}, f"wrote {out}", as_json)


def _require_built(info: "DatasetInfo", where: Path) -> None:
    """Raise DataError if the dataset is not built.

    `verify` calls this first. So a missing build gives exit code 2, and a failed check
    gives exit code 1.
    """
    from ...datasets.root import open_split

    if not (where / info.name).exists():
        first_split = next(iter(info.splits))
        open_split(info, where, first_split)
