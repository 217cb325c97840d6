"""Write a report about folders of results and training runs.

This module does not import torch, since a report needs no model.
"""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from fewbench.errors import UserError
from fewbench.folders import refuse_taken

from ..datasets.root import data_root
from ..reports.records import ResultError, RunResult
from ..reports.result_files import RESULT_PATTERN, array_sha256
from .learning_curves import LOG, read_histories
from .published_numbers import published_numbers
from .sample_images import class_samples, split_sheets
from .verification.load import load_results


@dataclass(frozen=True)
class FolderReport:
    """The files of a report, and the number of results that it is about.

    n_results: the number of results that were found, including copies
    n_copies: the number of results that are copies of another result; the report shows
        each result once
    left_out: why each result and log that cannot be read is not in the report
    """

    paths: list[Path]
    n_results: int
    n_copies: int
    left_out: dict[Path, UserError] = field(default_factory=dict)


def report_folders(
    folders: Sequence[Path], out: Path, root: Path | None
) -> FolderReport:
    """Write a report about all results in some folders and their subfolders.

    It includes the learning curves of training runs in the folders, sample images, and
    published accuracies.

    out: the folder for the files of the report
    root: the folder with the built datasets; None for the default folder of `data_root`
    A result or a log that is damaged is left out.
    Raises ResultError if there are no results, or if all of them are damaged.
    Raises UserError if files of others in `out` would be overwritten.
    """
    from ..reports.report import ALWAYS, write_report  # late: it loads matplotlib

    refuse_taken(out, *ALWAYS)
    files = _result_files(folders)
    left_out: dict[Path, UserError] = {}
    histories = read_histories(folders, left_out)
    if histories and not files:
        raise _no_results(folders)
    refused: dict[Path, ResultError] = {}
    loaded = load_results(files or folders, refused)
    if not loaded:
        raise next(iter(refused.values()))
    results = _without_copies(loaded)
    place = data_root(root)
    paths = write_report(
        results,
        out,
        split_sheets(results, place),
        histories,
        class_samples=partial(class_samples, place),
        published=published_numbers(),
    )
    return FolderReport(
        paths,
        n_results=len(loaded),
        n_copies=len(loaded) - len(results),
        left_out={**refused, **left_out},
    )


def _no_results(folders: Sequence[Path]) -> ResultError:
    """Return the error for training runs without any result."""
    runs: list[Path] = []
    for folder in folders:
        runs += [log.parent for log in folder.rglob(LOG)]
    run = shlex.quote(str(min(runs)))
    names = shlex.join(map(str, folders))
    return ResultError(
        f"{names}: nothing to report but learning curves: expected results as well, got "
        f"training runs alone. Evaluate them, such as: fewbench evaluate {run} --protocol "
        f"NAME --out results. Then type: fewbench report results {names} --out DIR"
    )


def _result_files(folders: Sequence[Path]) -> list[Path]:
    found: set[Path] = set()
    for folder in folders:
        found.update(folder.rglob(RESULT_PATTERN))
    return sorted(found)


def _without_copies(results: Sequence[RunResult]) -> list[RunResult]:
    """Return each result once, since several folders may contain copies of a result."""
    known: dict[tuple[str, str], RunResult] = {}
    for result in results:
        # The predictions themselves would be in memory twice.
        content = (repr(result.header()), array_sha256(result.predictions))
        known[content] = result
    return list(known.values())
