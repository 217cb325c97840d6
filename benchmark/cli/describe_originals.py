"""Say which originals were found, and how the images were made from them."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from fewbench.documents import in_lines

from ...reports.tables.text import text_table

if TYPE_CHECKING:
    from ...datasets.inspection.explanation import Explanation, Rival
    from ...datasets.inspection.resampling import Pairs

_HEADER = ("filter", "without JPEG", "with one JPEG step", "with two")


def explanation_document(found: "Pairs", explanation: "Explanation") -> dict[str, Any]:
    """Return the findings as a JSON document."""
    return {
        "found_by": found.found_by,
        "originals": found.n_originals,
        "matched": found.n_matched,
        "ambiguous": found.n_ambiguous,
        **asdict(explanation),
    }


def explanation_text(found: "Pairs", explanation: "Explanation") -> str:
    """Return the findings as text."""
    by_filter = explanation.other_filter
    by_steps = explanation.other_jpeg
    n_images = explanation.n_images
    lines = [
        f"{found.n_matched:,} of {found.n_originals:,} originals have an image in PATH "
        f"(found by {found.found_by}; {found.n_ambiguous} more fit several images)",
        f"differences are root-mean-square, in grey levels, the median of {n_images} "
        f"images",
        f"  geometry  {explanation.geometry}",
        f"  filter    {explanation.filter}: {explanation.rmse:.2f}; "
        f"{_against(by_filter, n_images)}",
        f"  JPEG      {explanation.jpeg}: {explanation.rmse:.2f}; "
        f"{_against(by_steps, n_images)}",
        f"  channels  {explanation.channels}",
    ]
    return f"{in_lines(lines)}\n\n{_table(explanation)}"


def _against(rival: "Rival", n_images: int) -> str:
    told = "" if rival.is_told else ", so the two cannot be told apart"
    return (
        f"next is {rival.name} with {rival.rmse:.2f}, farther in {rival.n_closer} of "
        f"{n_images} images{told}"
    )


def _table(explanation: "Explanation") -> str:
    rows = []
    for name, medians in explanation.medians.items():
        row = [name]
        for n_steps in range(3):
            row.append(_best_of(medians, n_steps))
        rows.append(row)
    return text_table(list(_HEADER), rows)


def _best_of(medians: dict[str, float], n_steps: int) -> str:
    """Return the best median with so many JPEG steps, and these steps, as text."""
    of_these = [steps for steps in medians if _count_steps(steps) == n_steps]
    if not of_these:
        return "-"
    best = min(of_these, key=medians.__getitem__)
    words = f" ({best})" if n_steps else ""
    return f"{medians[best]:.2f}{words}"


def _count_steps(steps: str) -> int:
    if steps == "no JPEG":
        return 0
    return 1 + steps.count("then")
