"""Load results, and refuse those that cannot be what they say."""

import shlex
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from ...reports.records import ResultError, RunResult
from ...reports.result_files import Refused
from ...reports.result_files import load_results as load_files
from ..protocols.names import base_name
from .checks import Check
from .data_checks import check_data, data_standing
from .protocol_checks import check_episodes, check_name


def load_results(
    paths: Iterable[Path], refused: Refused | None = None
) -> list[RunResult]:
    """Read and check all results in some files and folders, sorted by file stem.

    Each result gets its `data_standing`.
    refused: where the error of each result that is refused is put; None to raise the first
    Raises ResultError if a folder has no results, if a result cannot be read, or if it
    fails a check of `check_result`.
    """
    return load_files(paths, checked, refused)


def load_with_paths(paths: Iterable[Path]) -> list[tuple[Path, RunResult]]:
    """Do the same as `load_results`. Return each result with the path of its document."""
    found: list[tuple[Path, RunResult]] = []

    def noted(path: Path, result: RunResult) -> RunResult:
        found.append((path, checked(path, result)))
        return result

    load_files(paths, noted)
    return sorted(found, key=lambda one: one[1].file_stem)


def checked(path: Path, result: RunResult) -> RunResult:
    """Return a result with its `data_standing`.

    path: the JSON document of the result, for the error
    Raises ResultError if the result fails a check of `check_result`.
    """
    result = with_standing(result)
    for check in check_result(result):
        if check.outcome == "failed":
            raise ResultError(
                f"{path}: {check.what}: {check.detail}. {_advice(path, result)}"
            )
    return result


def check_result(result: RunResult) -> list[Check]:
    """Check what follows from the protocol and the class sizes of a result.

    This draws its episodes again, unless results with equal episodes were checked before.

    result: with its `data_standing`
    """
    return [check_name(result), *check_data(result), *check_episodes(result)]


def with_standing(result: RunResult) -> RunResult:
    """Return a result with its `data_standing`."""
    standing = data_standing(result.protocol, result.data_fingerprint)
    return replace(result, data_standing=standing)


def _advice(path: Path, result: RunResult) -> str:
    name = base_name(result.protocol) or "NAME"
    folder = shlex.quote(str(path.parent))
    return (
        f"The result was changed after the evaluation, or another version of fewbench "
        f"made it. Evaluate again: fewbench evaluate LEARNER --protocol {name} --out "
        f"{folder} --overwrite"
    )
