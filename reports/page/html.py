"""One page that holds everything: no network, no other file, and one script of its own."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from fewbench.files import write_text

from ..stats.diagnostics import calibration_error
from ..tables.accuracy import Cell, Table
from ..tables.rendering import Entry, Grid


@dataclass(frozen=True)
class Page:
    """What stands on the page, beside all about every result in `tables`.
    grids: more tables by the heading of their section. figures: title -> SVG text or PNG bytes.
    samples: caption -> PNG bytes."""

    tables: Sequence[Table]
    grids: Mapping[str, Sequence[Grid]] = field(default_factory=dict)
    figures: Mapping[str, str | bytes] = field(default_factory=dict)
    samples: Mapping[str, bytes] = field(default_factory=dict)


def write_page(page: Page, path: Path) -> Path:
    """Write the page as one HTML file."""
    cells = [cell for table in page.tables for cell in table.cells]
    results = [cell.result for cell in cells]
    style, script = _part("page.css"), _part("page.js")
    text = _template().render(
        page=page,
        cells=cells,
        newest=max((result.created_utc for result in results), default=""),
        filters={
            "dataset": sorted({result.protocol.dataset for result in results}),
            "protocol": sorted({result.protocol.name for result in results}),
            "learner": sorted({result.learner for result in results}),
        },
        figures={title: _data_uri(figure) for title, figure in page.figures.items()},
        samples={caption: _data_uri(image) for caption, image in page.samples.items()},
        # Two results may share every name, as when two folders hold the same run: number them.
        anchors={
            cell.result: f"result-{number}"
            for number, cell in enumerate(cells, start=1)
        },
        about=_about,
        sections=_sections,
        # Nothing runs and nothing is drawn but these two: whatever else gets in stays inert.
        style=style,
        script=script,
        policy=_policy(style, script),
    )
    return write_text(path, text)


@cache
def _template() -> Template:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(_part("page.html.jinja"))


@cache
def _part(name: str) -> Markup:
    return Markup(
        files("fewbench.reports.page").joinpath(name).read_text(encoding="utf-8")
    )


def _policy(style: str, script: str) -> str:
    rules = {
        "default-src": "'none'",
        "img-src": "data:",
        "style-src": _source(style),
        "script-src": _source(script),
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def _source(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def _data_uri(image: str | bytes) -> str:
    """An image as an address of its own. An SVG stays a document of its own that way: its
    element ids cannot clash with those of another, and no script in it can run."""
    kind, data = (
        ("svg+xml", image.encode()) if isinstance(image, str) else ("png", image)
    )
    return f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"


def _about(row: Sequence[Entry]) -> dict[str, str]:
    """What the filters know a row of a grid by: all that its results have in common."""
    results = [entry.result for entry in row if entry.result is not None]
    known = {
        "dataset": {result.protocol.dataset for result in results},
        "protocol": {result.protocol.name for result in results},
        "learner": {result.learner for result in results},
    }
    return {
        f"data-{name}": values.pop()
        for name, values in known.items()
        if len(values) == 1
    }


def _sections(cell: Cell) -> dict[str, dict[str, Any]]:
    """The provenance of one result, by heading."""
    result, interval, calibration = (
        cell.result,
        cell.interval,
        calibration_error(cell.result),
    )
    kind = (
        f"({100 * interval.level:g} %, {interval.kind}, n = {interval.n:,})"
        if interval
        else ""
    )
    return {
        "Result": {
            "accuracy": f"{cell.value} % {kind}",
            "interval": f"{100 * interval.low:.2f} to {100 * interval.high:.2f} %"
            if interval
            else "none",
            "calibration error": "scores are no probabilities"
            if calibration is None
            else f"{100 * calibration:.2f} %",
            "learner": result.learner,
            "backbone": result.backbone or "none",
            "train_seed": result.train_seed,
            "transductive": result.transductive,
            "partial data": result.partial,
            "precision": result.precision,
            "device": result.device,
            "created (UTC)": result.created_utc,
            **{
                f"{name} (s)": f"{value:.2f}"
                for name, value in sorted(result.seconds.items())
            },
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
