"""fewbench protocol: list, show, export."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from .console import Json, emit, table
from .options import Root

app = typer.Typer(help="The frozen evaluation protocols.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="Protocol, see `fewbench protocol list`.")]
Kind = Literal["all", "own", "legacy"]
_COLUMNS = {
    "name": "name",
    "kind": "kind",
    "dataset": "dataset",
    "n_way": "way",
    "n_shot": "shot",
    "n_query": "query",
    "n_episodes": "episodes",
    "rotations": "rotations",
    "transductive": "transductive",
    "adaptation_steps": "steps",
    "interval": "±",
}


@app.command("list")
def list_protocols(
    kind: Annotated[
        Kind,
        typer.Option(
            help="own: the suite's defaults; legacy: a paper's, to the letter."
        ),
    ] = "all",
    as_json: Json = False,
) -> None:
    """Every protocol in one line each."""
    from ..protocols.catalogue import PROTOCOLS

    cards = {name: _card(protocol) for name, protocol in PROTOCOLS.items()}
    cards = {
        name: card for name, card in cards.items() if kind in ("all", card["kind"])
    }
    rows = [[_cell(card, column) for column in _COLUMNS] for card in cards.values()]
    text = table(list(_COLUMNS.values()), rows)
    emit(
        cards, f"{text}\n\nsources and departures: fewbench protocol show NAME", as_json
    )


@app.command()
def show(name: Name, as_json: Json = False) -> None:
    """The card of a protocol, and of a legacy one its sources and where it departs from them;
    n_shot and n_query are per class."""
    from ..protocols.catalogue import find_protocol
    from ..protocols.papers import LEGACY

    card, preset = _card(find_protocol(name)), LEGACY.get(name)
    if preset is None:
        emit(
            card, "\n".join(f"{key:16} {value}" for key, value in card.items()), as_json
        )
        return
    sources, departures = dict(preset.sources), list(preset.departures)
    rows = [[key, str(value), sources.get(key, "")] for key, value in card.items()]
    text = f"{preset.paper}\n\n{table(['field', 'value', 'read in'], rows)}\n\n"
    text += "departures from the paper:\n" + "\n".join(f"- {one}" for one in departures)
    document = {"paper": preset.paper, "sources": sources, "departures": departures}
    emit(card | document, text, as_json)


@app.command()
def export(
    name: Name,
    out: Annotated[Path, typer.Option(help="File to write, .npz.")],
    episodes: Annotated[
        int | None,
        typer.Option(min=2, help="Only the first episodes; changes the name."),
    ] = None,
    disjoint: Annotated[
        bool, typer.Option("--disjoint", help="Episodes that share no image.")
    ] = False,
    dataset: Annotated[
        str | None,
        typer.Option(help="Another build, e.g. omniglot-nearest; changes the name."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a file.")
    ] = False,
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Write the exact image keys of every episode, for `fewbench evaluate --episodes FILE`.

    The README shows how to read the file with numpy alone."""
    from ...datasets.root import data_root
    from ..protocols.catalogue import find_protocol
    from ..protocols.episode_files import export_episodes

    if out.exists() and not overwrite:
        raise typer.BadParameter(
            f"{out} exists. Choose another name, or add --overwrite"
        )
    protocol = find_protocol(
        name, dataset=dataset, n_episodes=episodes, disjoint=disjoint
    )
    sha256 = export_episodes(protocol, data_root(root), out)
    n_bytes = out.stat().st_size
    text = f"wrote {out}, {n_bytes:,} bytes\nsha256 of the content {sha256}"
    emit({"path": str(out), "sha256": sha256, "bytes": n_bytes}, text, as_json)


def _card(protocol: Any) -> dict[str, Any]:
    from ..protocols.papers import LEGACY

    kind = "legacy" if protocol.name in LEGACY else "own"
    return asdict(protocol) | {"kind": kind}


def _cell(card: dict[str, Any], column: str) -> str:
    if column == "rotations":
        return (
            "by task"
            if card["task_rotations"]
            else "classes"
            if card["rotations"]
            else "no"
        )
    value = card[column]
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
