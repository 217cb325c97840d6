"""Keep the outcome of each unit of a long measurement, so that a restart skips it.

A unit is one training or one evaluation. Its outcome is a line in a file of JSON lines.
"""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

Outcome = dict[str, Any]


def read_outcomes(path: Path) -> list[Outcome]:
    """Return the outcomes of all units that are done. A half-written last line is left out."""
    if not path.exists():
        return []
    text = path.read_text("utf-8")
    return [json.loads(line) for line in text.split("\n")[:-1]]


def measure(
    path: Path,
    units: Iterable[tuple[str, ...]],
    run: Callable[..., Outcome],
) -> None:
    """Run each unit that has no outcome yet, and append its outcome to the file.

    units: the arguments of `run` for each unit; they are its name as well
    run: returns the outcome of a unit
    """
    outcomes = read_outcomes(path)
    done = {tuple(outcome["unit"]) for outcome in outcomes}
    path.parent.mkdir(parents=True, exist_ok=True)
    # Without a half-written last line of a process that was killed.
    path.write_text("".join(_line(outcome) for outcome in outcomes), "utf-8")
    for unit in units:
        if unit not in done:
            outcome = {"unit": unit, **run(*unit)}
            with path.open("a", encoding="utf-8") as file:
                file.write(_line(outcome))


def _line(outcome: Outcome) -> str:
    return json.dumps(outcome) + "\n"
