"""Report folders of results and training runs. It imports no torch: a report needs no model."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ..datasets.root import data_root
from ..reports.records import RunResult
from ..reports.result_files import RESULT_PATTERN, load_results
from .learning_curves import read_histories
from .published_numbers import published_numbers
from .sample_images import class_samples, split_sheets


@dataclass(frozen=True)
class FolderReport:
    """The files of a report, and what was found in the folders.

    n_copies: results that are copies of others, which count once
    """

    paths: list[Path]
    n_results: int
    n_copies: int


def report_folders(
    folders: Sequence[Path], out: Path, root: Path | None
) -> FolderReport:
    """Report every result in and below the folders, with learning curves, sample images and
    published numbers.

    Raises ResultError when there is no result, or a damaged one.
    """
    from ..reports.report import write_report  # it imports matplotlib

    loaded = load_results(_result_files(folders) or folders)
    results = _without_copies(loaded)
    place = data_root(root)
    paths = write_report(
        results,
        out,
        split_sheets(results, place),
        read_histories(folders),
        class_samples=partial(class_samples, place),
        published=published_numbers(),
    )
    return FolderReport(paths, len(loaded), len(loaded) - len(results))


def _result_files(folders: Sequence[Path]) -> list[Path]:
    found: set[Path] = set()
    for folder in folders:
        found.update(folder.rglob(RESULT_PATTERN))
    return sorted(found)


def _without_copies(results: Sequence[RunResult]) -> list[RunResult]:
    """Each result once, though several folders may hold copies of it."""
    known: dict[tuple[str, bytes], RunResult] = {}
    for result in results:
        content = (repr(result.header()), result.predictions.tobytes())
        known[content] = result
    return list(known.values())
