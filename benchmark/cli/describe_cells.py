"""Describe the cells that `fewbench reproduce --list` names, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .console import duration_text

if TYPE_CHECKING:
    from ...reports.published import PublishedNumber
    from ..reproduce.cells import Cell, Scaled

_ABOUT_TIMES = (
    "full, short: about how long the training of one seed takes on two cores of an AMD "
    "EPYC, without validation and evaluation. ProtoNet on Omniglot trains a second time, "
    "by up to twice as many steps. Your device is measured before a reproduction starts\n"
    "*: scaled. The time of a step is that of another recipe, by the number of images or "
    "tasks. Times without * come from measured steps"
)


def cells_text(cells: Iterable[Cell]) -> str:
    """Return a table of cells, with the number, the recipe and the time of each."""
    from ...reports.tables.text import text_table

    header = ["cell", "source", "published", "protocol", "recipe", "steps"]
    rows: list[list[str]] = []
    for cell in cells:
        full = cell.config("full", seed=0)
        rows.append(
            [
                cell.id,
                cell.published.named_source,
                published_text(cell.published),
                cell.protocol,
                f"{cell.recipe} (ours)" if cell.ours else cell.recipe,
                f"{full.steps:,}",
                _time_text(cell, "full"),
                _time_text(cell, "short"),
            ]
        )
    table = text_table([*header, "full", "short"], rows, "llrllrrr")
    return f"{table}\n\n{_ABOUT_TIMES}"


def cell_document(cell: Cell) -> dict[str, Any]:
    """Return a cell as JSON."""
    number = cell.published
    return {
        "source": number.source,
        "learner": number.learner,
        "dataset": number.dataset,
        "accuracy": number.accuracy,
        "half_width": number.half_width,
        "protocol": cell.protocol,
        "recipe": cell.recipe,
        "steps": cell.config("full", seed=0).steps,
        "recipe_is_ours": cell.ours,
        "settings": dict(cell.settings),
        "short_recipe": cell.short,
        "tolerance_points": cell.tolerance,
        "tolerance_reason": cell.tolerance_reason,
        "reruns": [rerun.id for rerun in cell.reruns],
        "hours_full": cell.hours("full"),
        "hours_short": cell.hours("short"),
        "time_full_is": _time_is(cell, "full"),
        "time_short_is": _time_is(cell, "short"),
        "remarks": cell_remarks(cell),
    }


def cell_remarks(cell: Cell) -> list[str]:
    """Return sentences about a cell that a reader of its result should know."""
    remarks = []
    if cell.ours:
        remarks.append(
            "The full recipe is fewbench's, because the paper does not give all of it."
        )
    if cell.remark:
        remarks.append(cell.remark)
    return remarks


def _time_text(cell: Cell, budget: Scaled) -> str:
    """Return the time of a training run, with a * if it was scaled."""
    text = duration_text(3600 * cell.hours(budget))
    return f"{text}*" if budget in cell.scaled else text


def _time_is(cell: Cell, budget: Scaled) -> str:
    return "scaled" if budget in cell.scaled else "measured"


def published_text(number: PublishedNumber) -> str:
    """Return a published accuracy as its source prints it."""
    text = f"{number.accuracy:.2f}"
    if number.half_width is not None:
        text += f" ± {number.half_width:.2f}"
    return f"{text} %"
