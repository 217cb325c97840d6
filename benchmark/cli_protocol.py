"""fewbench protocol: list, show, export."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from .cli_data import Root
from .console import Json, emit, table

app = typer.Typer(help="The frozen evaluation protocols.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="Protocol, see `fewbench protocol list`.")]


@app.command("list")
def list_protocols(as_json: Json = False) -> None:
    """Every protocol in one line each."""
    from .protocols import PROTOCOLS

    cards = {name: _card(protocol) for name, protocol in PROTOCOLS.items()}
    columns = ["name", "dataset", "split", "n_way", "n_shot", "n_query", "n_episodes", "rotations"]
    rows = [[str(card[column]) for column in columns] for card in cards.values()]
    emit(cards, table(columns, rows), as_json)


@app.command()
def show(name: Name, as_json: Json = False) -> None:
    """The card of a protocol; n_shot and n_query are per class."""
    from .protocols import find_protocol

    card = _card(find_protocol(name))
    emit(card, "\n".join(f"{key:12} {value}" for key, value in card.items()), as_json)


@app.command()
def export(
    name: Name,
    out: Annotated[Path, typer.Option(help="File to write, .npz.")],
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Write the exact image keys of every episode, readable with numpy alone."""
    from ..datasets.build import data_root
    from .episode_files import export_episodes
    from .protocols import find_protocol

    out.parent.mkdir(parents=True, exist_ok=True)
    sha256 = export_episodes(find_protocol(name), data_root(root), out)
    text = f"wrote {out}, {out.stat().st_size:,} bytes\nsha256 {sha256}"
    emit({"path": str(out), "sha256": sha256, "bytes": out.stat().st_size}, text, as_json)


def _card(protocol: Any) -> dict[str, Any]:
    return asdict(protocol)
