"""The command `add` of `fewbench data`: make a dataset of own images."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from fewbench.documents import in_lines

from .console import emit, progress_bars
from .options import Json, Root

if TYPE_CHECKING:
    from ...datasets.build import Build
    from ...reports.protocol import EvalProtocol

SplitBy = Literal["folder", "csv", "ratio"]


def add(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME", help="Name of the new dataset, e.g. my-birds. Lower case."
        ),
    ],
    source: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER|ZIP",
            help="Class folders with JPEG or PNG images (below train/, val/ and test/ "
            "if you chose the splits), or images with a CSV (columns filename, label "
            "and perhaps split), or Meta-Album's layout (labels.csv and images/).",
        ),
    ],
    split_by: Annotated[
        SplitBy | None,
        typer.Option(
            help="folder: the folders train/, val/ and test/ say which classes are in "
            "each split. csv: the column split says it. ratio: a hash of the names of "
            "the classes decides, 60/20/20. Default: what the source states, or else "
            "ratio."
        ),
    ] = None,
    size: Annotated[
        int | None,
        typer.Option(
            min=8,
            max=512,
            help="Height and width of the stored images. If it is not 84, the dataset is "
            "called NAME@SIZE. Default: 84.",
        ),
    ] = None,
    grey: Annotated[
        bool, typer.Option("--grey", help="Store grey images instead of RGB.")
    ] = False,
    rebuild: Annotated[
        bool,
        typer.Option("--rebuild", help="Replace an added dataset of the same name."),
    ] = False,
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Make a dataset of your own images. Each class is in one split.

    The dataset then has protocols such as NAME-5w1s, and works in all commands. Images
    are rotated as their EXIF data ask, and transparent parts become white.
    """
    from ...datasets.added.add import OwnImages, name_and_size
    from ...datasets.added.add import add as add_dataset
    from ...datasets.catalogue import find_dataset
    from ...datasets.root import data_root
    from ..protocols.listing import own_protocols
    from .describe_build import built_text

    where = data_root(root)
    name, side = name_and_size(name, size)
    own = OwnImages(source, split_by or "", side, grey)
    with progress_bars() as progress:
        built = add_dataset(name, own, where, rebuild=rebuild, progress=progress)
    protocols = own_protocols([find_dataset(name, where)])
    lines = [
        f"protocols: {', '.join(protocols)}",
        f"next: {_next_command(built, list(protocols.values()), root)}",
    ]
    document: dict[str, Any] = {
        **built.manifest,
        "classes": class_names(built),
        "protocols": list(protocols),
    }
    what = built_text(built, from_source=False)
    emit(document, f"{name}: {what}\n{in_lines(lines)}", as_json)


def class_names(built: "Build") -> dict[str, list[str]]:
    """Return split name -> names of its classes, of a build."""
    from ...datasets.store.split_store import SplitStore

    names: dict[str, list[str]] = {}
    for split in built.manifest["splits"]:
        store = SplitStore(built.folder / f"{split}.h5")
        names[split] = list(store.class_names)
    return names


def _next_command(
    built: "Build", protocols: "list[EvalProtocol]", root: Path | None
) -> str:
    """Return a command that scores a learner on the smallest class of the test split."""
    import numpy as np

    from ...datasets.store.split_store import SplitStore

    first = protocols[0]
    command = f"fewbench evaluate centroid --protocol {first.name} --out results"
    sizes = np.diff(SplitStore(built.folder / "test.h5").class_offsets)
    n_left = int(sizes.min()) - first.n_shot
    if n_left < first.n_query:
        command += f" --query {n_left}"
    if root is not None:
        command += f" --root {shlex.quote(str(root))}"
    return command
