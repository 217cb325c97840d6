"""Write the results, the summary and the plots of a run into a folder."""

from collections.abc import Sequence
from pathlib import Path

from fewbench.files import write_json, write_text

from ....reports.names import key_of
from ....reports.plots.nights import nights_figure
from ....reports.plots.saving import save_figure
from ....reports.records import RunResult
from ....reports.result_files import save_result
from ..history import read_nights
from ..references.reference_folder import ReferenceFolder
from ..trend import trend_of
from .record import Record
from .summary import Summary


def why_unsaved(folder: Path, record: Record, results: Sequence[RunResult]) -> str:
    """Save the results of a check in a folder of its own. Return why it failed, or ""."""
    place = place_in(folder, record)
    try:
        for result in results:
            save_result(result, place, overwrite=True)
    except OSError as error:
        return (
            f"--accuracy-report: cannot write to {folder}: {error.strerror or error}. "
            f"Choose another folder"
        )
    return ""


def place_in(folder: Path, record: Record) -> Path:
    """Return the folder of a check in a report. No other check of the run shares it."""
    name = record.test
    if not record.is_named_by_test:
        name = f"{record.name} of {record.test}"
    return folder / f"{key_of(name)}__{record.protocol}"


def write_summary(folder: Path, summary: Summary) -> None:
    """Write summary.md and summary.json.

    Raises OSError if they cannot be written.
    """
    write_text(folder / "summary.md", summary.markdown())
    write_json(folder / "summary.json", summary.document())


def plot_nights(folder: Path, records: Sequence[Record], history: Path) -> None:
    """Plot all nights of each check that ran tonight, beside its results.

    Raises OSError if a plot cannot be written, and UserError if the history is damaged.
    """
    nights = read_nights(history)
    for record in records:
        references = ReferenceFolder(Path(record.folder))
        stored = references.find(record.name, record.protocol)
        if record.nights and stored is not None:
            figure = nights_figure(trend_of(nights, stored, record.alpha))
            save_figure(figure, place_in(folder, record) / "nights")
