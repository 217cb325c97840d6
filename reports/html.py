"""One page that holds everything: no network, no other file, and nothing that runs."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined, Template

from .atomic import write_text
from .layout import Cell, accuracy_tables
from .records import RunResult


def write_page(
    results: Sequence[RunResult],
    figures: Mapping[str, str | bytes],
    samples: Mapping[str, bytes],
    path: Path,
) -> Path:
    """Write the results as one HTML file: tables, figures, sample images and full provenance.
    figures: title -> SVG text or PNG bytes. samples: caption -> PNG bytes."""
    tables = accuracy_tables(results)
    cells = [cell for table in tables for row in table.rows for cell in row.cells if cell]
    page = _template().render(
        datasets=", ".join(sorted({table.title for table in tables})),
        newest=max((result.created_utc for result in results), default=""),
        level=f"{100 * cells[0].interval.level:g} %" if cells else "",
        kind=cells[0].interval.kind if cells else "",
        tables=tables,
        figures={title: _data_uri(figure) for title, figure in figures.items()},
        samples={caption: _data_uri(image) for caption, image in samples.items()},
        # Two results may share every name, as when two folders hold the same run: number them.
        anchors={cell: f"result-{number}" for number, cell in enumerate(cells, start=1)},
        details=[(cell, _sections(cell)) for cell in cells],
    )
    return write_text(path, page)


@cache
def _template() -> Template:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    source = files("fewbench.reports").joinpath("page.html.jinja").read_text(encoding="utf-8")
    return environment.from_string(source)


def _data_uri(image: str | bytes) -> str:
    """An image as an address of its own. An SVG stays a document of its own that way: its
    element ids cannot clash with those of another, and no script in it can run."""
    kind, data = ("svg+xml", image.encode()) if isinstance(image, str) else ("png", image)
    return f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"


def _sections(cell: Cell) -> dict[str, dict[str, Any]]:
    """The provenance of one result, by heading."""
    result, interval = cell.result, cell.interval
    kind = f"{100 * interval.level:g} %, {interval.kind}, n = {interval.n:,}"
    return {
        "Result": {
            "accuracy": f"{interval} ({kind})",
            "learner": result.learner,
            "backbone": result.backbone or "none",
            "train_seed": result.train_seed,
            "transductive": result.transductive,
            "partial data": result.partial,
            "precision": result.precision,
            "device": result.device,
            "created (UTC)": result.created_utc,
            **{f"{name} (s)": f"{value:.2f}" for name, value in sorted(result.seconds.items())},
        },
        "Protocol card": asdict(result.protocol),
        "Fingerprints": {
            "data": result.data_fingerprint,
            "episodes": result.episodes_fingerprint,
            "checkpoint sha256": result.checkpoint_sha256 or "none",
        },
        "Recipe": dict(sorted(result.recipe.items())) or {"training": "none"},
        "Environment": dict(sorted(result.environment.items())),
    }
