"""How often the guard gives false alarms, and how soon it sees a drop: tables of docs/guard.md.

    python reports/scripts/simulate_guard.py docs/guard.md

A development script, seeded. It takes some minutes of one core. It draws accuracies of
training runs from a normal distribution, watches them night after night, and counts alarms.
The tables replace what is between the markers of the file.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fewbench.reports.stats.nightly import watch
from fewbench.reports.stats.retraining import Retraining, worse_than

MARKERS = "<!-- nights -->", "<!-- /nights -->"
MEAN = 0.5
SPREAD = 0.005
NIGHTS = 100
ALPHA = 0.05
SIZES = (3, 5, 10)
FIRST_LOW_NIGHT = 31
DROPS = (1.0, 2.0, 3.0, 4.0)


@dataclass(frozen=True)
class Lifetime:
    """A reference and its nights. A second seed decides on each alarm.

    by_test: whether the t-test of each single night fails: bool (n_nights,)
    alarms: whether the e-value of all nights alarms: bool (n_nights,)
    red: whether the second seed confirms an alarm: bool (n_nights,)
    """

    by_test: NDArray[np.bool_]
    alarms: NDArray[np.bool_]
    red: NDArray[np.bool_]


def live(rng: np.random.Generator, size: int, drops: NDArray[np.float64]) -> Lifetime:
    """Draw a reference of `size` runs, and a night for each drop in standard deviations."""
    reference = rng.normal(MEAN, SPREAD, size)
    first = rng.normal(MEAN - drops * SPREAD, SPREAD)
    second = rng.normal(MEAN - drops * SPREAD, SPREAD)
    alarms = watch(list(reference), list(first), ALPHA).e_values >= 1 / ALPHA
    alone = [worse_than(one, reference, ALPHA).failed for one in first]
    both = []
    for pair in np.stack([first, second], axis=1):
        both.append(worse_than(pair, reference, ALPHA).failed)
    return Lifetime(np.array(alone), alarms, alarms & np.array(both))


def false_alarms(scale: float) -> list[list[str]]:
    """A row for each number of reference runs, if nothing ever changes."""
    rows = []
    n_lives = int(500 * scale)
    for size in SIZES:
        rng = np.random.default_rng([17, size])
        lives = [live(rng, size, np.zeros(NIGHTS)) for _ in range(n_lives)]
        alone = np.array([one.by_test for one in lives])
        alarms = np.array([one.alarms for one in lives])
        red = np.array([one.red for one in lives])
        row = [
            str(size),
            f"{alone.size:,}",
            f"{100 * alone.mean():.1f} %",
            f"{100 * alone.any(axis=1).mean():.0f} %",
            f"{100 * alarms.any(axis=1).mean():.1f} %",
            f"{100 * red.any(axis=1).mean():.1f} %",
        ]
        rows.append(row)
    return rows


def single_looks(scale: float) -> list[list[str]]:
    """A row for each number of reference and new runs: what one test sees."""
    rows = []
    for size in SIZES:
        for n_new in (1, 3):
            rows.append(_single_look(size, n_new, int(10_000 * scale)))
    return rows


def _single_look(size: int, n_new: int, n: int) -> list[str]:
    rng = np.random.default_rng([18, size, n_new])
    found = _any_look(size, n_new)
    drop = found.visible_drop / found.spread
    failed = {0.0: 0, drop: 0}
    for true_drop in failed:
        for _ in range(n):
            reference = rng.normal(MEAN, SPREAD, size)
            new = rng.normal(MEAN - true_drop * SPREAD, SPREAD, n_new)
            failed[true_drop] += worse_than(new, reference, ALPHA).failed
    return [
        str(size),
        str(n_new),
        f"{found.alarm / found.spread:.1f}",
        f"{drop:.1f}",
        f"{100 * failed[0.0] / n:.1f} %",
        f"{100 * failed[drop] / n:.1f} %",
    ]


def _any_look(size: int, n_new: int) -> Retraining:
    reference = MEAN + SPREAD * np.linspace(-1, 1, size)
    return worse_than(np.full(n_new, MEAN), reference, ALPHA)


def delays(scale: float) -> list[list[str]]:
    """A row for each true drop: how many nights pass until it is red."""
    rows = []
    n_lives = int(200 * scale)
    for drop in DROPS:
        row = [f"{drop:g}"]
        for size in SIZES:
            rng = np.random.default_rng([19, size, int(drop)])
            nights = np.arange(1, FIRST_LOW_NIGHT + 60)
            drops = np.where(nights >= FIRST_LOW_NIGHT, drop, 0.0)
            waits = [_wait(live(rng, size, drops)) for _ in range(n_lives)]
            row.append(_words(waits))
        rows.append(row)
    return rows


def _wait(one: Lifetime) -> float:
    """Return the number of low nights until the first red one."""
    red = np.flatnonzero(one.red[FIRST_LOW_NIGHT - 1 :])
    return float(red[0] + 1) if red.size else np.inf


def _words(waits: Sequence[float]) -> str:
    median, late = np.quantile(waits, [0.5, 0.8], method="higher")
    texts = [f"{one:.0f}" if np.isfinite(one) else "> 60" for one in (median, late)]
    return " / ".join(texts)


def table(header: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def tables(scale: float) -> str:
    looks = table(
        [
            "reference runs",
            "new runs",
            "a drop that fails",
            "a true drop seen 8 times in 10",
            "false alarms (nominal 5 %)",
            "that true drop seen (nominal 80 %)",
        ],
        single_looks(scale),
    )
    false = table(
        [
            "reference runs",
            "nights",
            "t-test fails on a night (nominal 5 %)",
            f"t-test ever fails in {NIGHTS} nights",
            "e-value ever alarms (nominal at most 5 %)",
            "ever red",
        ],
        false_alarms(scale),
    )
    sizes = [f"{size} reference runs" for size in SIZES]
    waits = table(["true drop", *sizes], delays(scale))
    return (
        f"Drops are in standard deviations between training runs.\n\n{looks}\n\n"
        f"If nothing changes, each reference being watched for {NIGHTS} nights:\n\n{false}\n\n"
        f"Nights until a drop is red that begins on night {FIRST_LOW_NIGHT} and lasts, in "
        f"half / in 8 of 10\nsimulations:\n\n{waits}"
    )


def main() -> None:
    """Write the tables into the file and print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path, help="Markdown file with the markers")
    parser.add_argument("--scale", type=float, default=1.0, help="1 for the full size")
    options = parser.parse_args()
    text = options.path.read_text(encoding="utf-8")
    start, end = MARKERS
    before, rest = text.split(start)
    _, after = rest.split(end)
    made = tables(options.scale)
    print(made)
    options.path.write_text(f"{before}{start}\n{made}\n{end}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
