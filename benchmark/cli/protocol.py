"""The commands `list`, `show` and `export` of `fewbench protocol`."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from fewbench.documents import in_lines

from .console import emit
from .inputs import new_file, require_new_file
from .options import (
    EpisodeSeed,
    Json,
    OtherBuild,
    Overwrite,
    ProtocolName,
    Query,
    Root,
    Shot,
    Split,
    Way,
)

if TYPE_CHECKING:
    from ...reports.protocol import EvalProtocol
    from ..protocols.presets import Preset

app = typer.Typer(
    help="Show protocols, and write their episodes.", no_args_is_help=True
)
Kind = Literal["all", "own", "legacy", "added"]
# The columns of `fewbench protocol list`: field of the protocol -> header.
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
            help="own: only fewbench's own protocols. legacy: only protocols that "
            "follow a paper. added: only protocols on your own images."
        ),
    ] = "all",
    root: Root = None,
    as_json: Json = False,
) -> None:
    """List all protocols with their main settings."""
    from ...datasets.root import data_root
    from ...reports.tables.text import text_table
    from ..protocols.listing import all_protocols

    document = {}
    rows = []
    for name, protocol in all_protocols(data_root(root)).items():
        fields = _fields(protocol)
        if kind in ("all", fields["kind"]):
            document[name] = fields
            rows.append([_cell(fields, column) for column in _COLUMNS])
    table = text_table(list(_COLUMNS.values()), rows)
    more = "for the sources of a legacy protocol: fewbench protocol show NAME"
    emit(document, f"{table}\n\n{more}", as_json)


@app.command()
def show(name: ProtocolName, root: Root = None, as_json: Json = False) -> None:
    """Show all settings of a protocol. n_shot and n_query are numbers per class.

    If the protocol follows a paper, also show where each setting was read and how
    the protocol differs from the paper.
    """
    from ..protocols.catalogue import find_protocol
    from ..protocols.papers import LEGACY

    fields = _fields(find_protocol(name, root=root))
    preset = LEGACY.get(name)
    if preset is None:
        lines = [f"{key:16} {value}" for key, value in fields.items()]
        emit(fields, in_lines(lines), as_json)
        return
    document = {
        **fields,
        "paper": preset.paper,
        "sources": dict(preset.sources),
        "departures": list(preset.departures),
    }
    emit(document, _preset_text(preset, fields), as_json)


@app.command()
def export(
    name: ProtocolName,
    out: Annotated[Path, typer.Option(help="Episode file (.npz) to write.")],
    episodes: Annotated[
        int | None,
        typer.Option(
            min=2,
            help="Write the first N episodes. The name of the protocol then ends in "
            "-Nep, e.g. -600ep.",
        ),
    ] = None,
    disjoint: Annotated[
        bool,
        typer.Option(
            "--disjoint",
            help="Write episodes that share no image, as many as the split allows.",
        ),
    ] = False,
    dataset: OtherBuild = None,
    split: Split = None,
    way: Way = None,
    shot: Shot = None,
    query: Query = None,
    seed: EpisodeSeed = None,
    overwrite: Overwrite = False,
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Write the image names of all episodes of a protocol into a file.

    `fewbench evaluate --episodes FILE` reads the file. docs/protocols.md shows
    how to read it with numpy alone.
    """
    from ...datasets.root import data_root
    from ..protocols.catalogue import find_protocol
    from ..protocols.episode_files import export_episodes

    require_new_file(out, overwrite)
    protocol = find_protocol(
        name,
        dataset=dataset,
        split=split,
        way=way,
        shot=shot,
        query=query,
        seed=seed,
        n_episodes=episodes,
        disjoint=disjoint,
        root=root,
    )
    with new_file(out, overwrite):
        sha256 = export_episodes(protocol, data_root(root), out)
    n_bytes = out.stat().st_size
    text = in_lines(
        [f"wrote {out}, {n_bytes:,} bytes", f"sha256 of the content {sha256}"]
    )
    emit({"path": str(out), "sha256": sha256, "bytes": n_bytes}, text, as_json)


def _fields(protocol: "EvalProtocol") -> dict[str, Any]:
    from ...datasets.catalogue import dataset_of_fewbench
    from ..protocols.papers import LEGACY

    kind = "legacy" if protocol.name in LEGACY else "own"
    if dataset_of_fewbench(protocol.dataset) is None:
        kind = "added"
    return asdict(protocol) | {"kind": kind}


def _cell(fields: dict[str, Any], column: str) -> str:
    """Return the text of a protocol in a column of `fewbench protocol list`.

    fields: the settings of the protocol, by name
    """
    if column == "rotations" and fields["task_rotations"]:
        return "by task"
    if column == "rotations" and fields["rotations"]:
        return "classes"
    value = fields[column]
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _preset_text(preset: "Preset", fields: dict[str, Any]) -> str:
    from ...reports.tables.text import text_table

    rows = []
    for key, value in fields.items():
        rows.append([key, str(value), preset.sources.get(key, "")])
    lines = [
        preset.paper,
        "",
        text_table(["setting", "value", "where it was read"], rows),
        "",
        "departures from the paper:",
    ]
    lines += [f"- {departure}" for departure in preset.departures]
    return "\n".join(lines)
