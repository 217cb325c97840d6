"""Write a whole report as one HTML page that needs no network and no other file."""

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fewbench.files import write_text

from ..records import RunResult
from ..tables.cells import Cell
from ..tables.printed_table import PrintedCell, PrintedTable
from ..tables.table import Table
from .notes import placed
from .packed import Packing
from .parts import environment, part
from .provenance import provenance

_PACKAGE = "fewbench.reports.page"

# The title or caption of each image -> its SVG text or PNG bytes.
Images = Mapping[str, str | bytes]


@dataclass(frozen=True)
class Page:
    """The content of the page.

    tables: the accuracy tables; the page also shows all facts about their results
    grids: heading of a section -> further tables, already formatted
    figures: title -> plot, as SVG text or PNG bytes
    samples: caption -> sample images from the datasets, as SVG text or PNG bytes
    """

    tables: Sequence[Table]
    grids: Mapping[str, Sequence[PrintedTable]] = field(default_factory=dict)
    figures: Images = field(default_factory=dict)
    samples: Images = field(default_factory=dict)


def write_page(page: Page, path: Path) -> Path:
    """Write the page as one HTML file, and return its path."""
    cells: list[Cell] = []
    for table in page.tables:
        cells += table.cells
    results = [cell.result for cell in cells]
    times = [result.created_utc for result in results]
    style = part(_PACKAGE, "page.css")
    script = part(_PACKAGE, "page.js")
    sections = [page.tables, *page.grids.values()]
    notes = placed([table.notes for table in tables] for tables in sections)
    template = environment(_PACKAGE).get_template("page.html.jinja")
    text = template.render(
        page=page,
        cells=cells,
        newest=max(times, default=""),
        filters=_filters(results),
        notes=list(notes),
        figures=_data_uris(page.figures),
        samples=_data_uris(page.samples),
        anchors=_anchors(results),
        data_attributes=_data_attributes,
        provenance=provenance,
        packing=Packing(len(cells)),
        style=style,
        script=script,
        policy=_policy(style, script),
    )
    return write_text(path, text)


def _filters(results: Iterable[RunResult]) -> dict[str, list[str]]:
    """Return the choices of each filter of the page: filter name -> sorted values."""
    filters = {}
    for name, values in _values_of_filters(results).items():
        filters[name] = sorted(values)
    return filters


def _data_attributes(row: Sequence[PrintedCell]) -> dict[str, str]:
    """Return the HTML attributes by which the filters of the page select a table row.

    The attributes name the dataset, the protocol and the learner of the row. An attribute
    is left out if the results in the row differ in it.
    """
    results = [cell.result for cell in row if cell.result is not None]
    attributes = {}
    for name, values in _values_of_filters(results).items():
        if len(values) == 1:
            attributes[f"data-{name}"] = values.pop()
    return attributes


def _values_of_filters(results: Iterable[RunResult]) -> dict[str, set[str]]:
    values: dict[str, set[str]] = {
        "dataset": set(),
        "protocol": set(),
        "learner": set(),
    }
    for result in results:
        values["dataset"].add(result.protocol.dataset)
        values["protocol"].add(result.protocol.name)
        values["learner"].add(result.learner)
    return values


def _anchors(results: Iterable[RunResult]) -> dict[RunResult, str]:
    """Return the HTML id of the section about each result.

    Ids are numbers, because two results may have the same dataset, protocol and learner,
    for example if two folders hold the same run.
    """
    anchors = {}
    for number, result in enumerate(results, start=1):
        anchors[result] = f"result-{number}"
    return anchors


def _policy(style: str, script: str) -> str:
    """Return the content security policy of the page.

    The browser applies only this style sheet and runs only this script. Any other style
    or script that gets into the page has no effect.
    """
    rules = {
        "default-src": "'none'",
        "img-src": "data:",
        "style-src": _digest(style),
        "script-src": _digest(script),
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    directives = map(" ".join, rules.items())
    return "; ".join(directives)


def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode())
    encoded = _base64(digest.digest())
    return f"'sha256-{encoded}'"


def _data_uris(images: Images) -> dict[str, str]:
    """Return each image as a data URI, which contains the whole image.

    An SVG in a data URI is a separate document. Its element ids cannot clash with the
    ids in another SVG, and no script in it can run.
    """
    addresses = {}
    for name, image in images.items():
        if isinstance(image, str):
            data = _base64(image.encode())
            addresses[name] = f"data:image/svg+xml;base64,{data}"
        else:
            addresses[name] = f"data:image/png;base64,{_base64(image)}"
    return addresses


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
