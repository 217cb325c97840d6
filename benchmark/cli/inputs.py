"""The datasets and results that the arguments of a command name."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fewbench.errors import UserError

if TYPE_CHECKING:
    from ...datasets.info import DatasetInfo
    from ...reports.records import RunResult


def find_dataset(name: str, resampling: str | None = None) -> "DatasetInfo":
    """A dataset by name, or its variant that is made with another filter.

    Raises DataError for an unknown one, with the nearest names.
    """
    from ...datasets import BUILDERS
    from ...datasets.lookup import pick

    info = pick("dataset", name, BUILDERS, see="fewbench data list")
    if resampling is None or resampling == info.resampling:
        return info
    by_filter = {info.resampling: info}
    for other in BUILDERS.values():
        if other.name.startswith(f"{name}-"):
            by_filter[other.resampling] = other
    return pick(f"resampling of {name}", resampling, by_filter)


def load_in_order(paths: Sequence[Path]) -> "list[RunResult]":
    """The results in the order of the arguments; those of a folder are sorted.

    Raises UserError for a path that is given twice.
    """
    from ...reports.result_files import load_results

    results: list[RunResult] = []
    seen: set[Path] = set()
    for path in paths:
        if path.resolve() in seen:
            raise UserError(
                f"{path}: is given twice: expected different results. Omit one of the two"
            )
        seen.add(path.resolve())
        results += load_results([path])
    return results


def load_one(path: Path) -> "RunResult":
    """The only result at a path. Raises UserError for a folder that holds several."""
    results = load_in_order([path])
    if len(results) != 1:
        raise UserError(
            f"{path}: expected one result, got {len(results)} results. Type the path of one "
            f"of its .json files"
        )
    return results[0]
