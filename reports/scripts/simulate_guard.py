"""How often the guard gives false alarms, and how soon it sees a drop: tables of docs/guard.md.

    python reports/scripts/simulate_guard.py docs/guard.md

A development script, seeded. It takes some minutes of one core. It draws accuracies of
training runs from a normal distribution, judges them night after night as the guard does,
and counts alarms. The tables replace what is between the markers of the file.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fewbench.reports.stats.nightly import e_value, is_judged_alone
from fewbench.reports.stats.retraining import Retraining, worse_than

MARKERS = "<!-- nights -->", "<!-- /nights -->"
MEAN = 0.5
SPREAD = 0.005
NIGHTS = 100
ALPHA = 0.05
SIZES = (3, 5, 10)
# Reference runs, and new runs a night.
WATCHED = ((3, 1), (5, 1), (10, 1), (10, 3))
STARTS = (1, 31)
DROPS = (1.0, 2.0, 3.0, 4.0, 10.0)
PATIENCE = 60
LOOKS = [
    "reference runs",
    "new runs",
    "a drop beyond chance",
    "a true drop seen 8 times in 10",
    "false alarms (nominal 5 %)",
    "false alarms, confirmed",
    "that true drop seen (nominal 80 %)",
    "that true drop seen and confirmed",
]
FALSE_ALARMS = [
    "reference runs",
    "runs a night",
    "nights",
    "t-test fails on a night (nominal 5 %)",
    f"t-test ever fails in {NIGHTS} nights",
    "ever red without a history",
    "e-value ever alarms (nominal at most 5 %)",
    "ever red with a history (nominal at most 5 %)",
    "ever red on a night judged alone",
]


class Night(NamedTuple):
    """What the two stages say of a night.

    low: whether the t-test of this night's runs fails
    evident: whether the e-value of all runs alarms
    alone: whether the first stage is the t-test of this night alone
    red: whether both stages fail
    red_alone: whether both stages would fail without a history
    """

    low: bool
    evident: bool
    alone: bool
    red: bool
    red_alone: bool


@dataclass(frozen=True)
class Guarded:
    """A reference of `size` runs, for nights of `n_new` runs each."""

    rng: np.random.Generator
    size: int
    n_new: int = 1

    def nights(self, drops: Sequence[float]) -> Iterator[Night]:
        """Yield a night for each drop, which is in standard deviations."""
        reference = self.drawn(self.size)
        earlier: list[float] = []
        for drop in drops:
            new = self.drawn(self.n_new, drop)
            second = self.drawn(self.n_new, drop)
            runs = [*earlier, *new]
            low = worse_than(new, reference, ALPHA).failed
            confirmed = worse_than(second, reference, ALPHA).failed
            evident = e_value(reference, runs) >= 1 / ALPHA
            alone = is_judged_alone(len(earlier), self.n_new, self.size, ALPHA)
            alarm = low if alone else evident
            yield Night(low, evident, alone, alarm and confirmed, low and confirmed)
            earlier = [*runs, *second] if alarm else runs

    def drawn(self, n: int, drop: float = 0.0) -> list[float]:
        """Return the accuracies of `n` training runs."""
        return list(self.rng.normal(MEAN - drop * SPREAD, SPREAD, n))


def single_looks(scale: float) -> list[list[str]]:
    """A row for each number of reference and new runs: what one night sees."""
    rows = []
    for size in SIZES:
        for n_new in (1, 3):
            rows.append(_single_look(size, n_new, int(10_000 * scale)))
    return rows


def _single_look(size: int, n_new: int, n: int) -> list[str]:
    guarded = Guarded(np.random.default_rng([18, size, n_new]), size, n_new)
    found = _any_look(size, n_new)
    visible = found.visible_drop / found.spread
    alarm = found.alarm / found.spread
    row = [str(size), str(n_new), f"{alarm:.1f}", f"{visible:.1f}"]
    for drop in (0.0, visible):
        looks = [_two_looks(guarded, drop) for _ in range(n)]
        first, both = np.mean(looks, axis=0)
        row += [_percent(first), _percent(both)]
    return row


def _two_looks(guarded: Guarded, drop: float) -> tuple[bool, bool]:
    """Return whether the t-test of a night fails, and whether another one confirms it."""
    reference = guarded.drawn(guarded.size)
    first, second = (
        worse_than(guarded.drawn(guarded.n_new, drop), reference, ALPHA).failed
        for _ in range(2)
    )
    return first, first and second


def _any_look(size: int, n_new: int) -> Retraining:
    reference = MEAN + SPREAD * np.linspace(-1, 1, size)
    return worse_than(np.full(n_new, MEAN), reference, ALPHA)


def false_alarms(scale: float) -> list[list[str]]:
    """A row for each number of reference and new runs, if nothing ever changes."""
    rows = []
    n_lives = int(500 * scale)
    for size, n_new in WATCHED:
        guarded = Guarded(np.random.default_rng([17, size, n_new]), size, n_new)
        lives = [list(guarded.nights([0.0] * NIGHTS)) for _ in range(n_lives)]
        low, evident, alone, red, red_alone = np.moveaxis(np.array(lives), -1, 0)
        row = [
            str(size),
            str(n_new),
            f"{low.size:,}",
            _percent(low.mean()),
            _ever(low),
            _ever(red_alone),
            _ever(evident),
            _ever(red),
            _ever(red & alone),
        ]
        rows.append(row)
    return rows


def _ever(found: NDArray[np.bool_]) -> str:
    """In how many lives it happens on any night: bool (n_lives, n_nights)"""
    return _percent(found.any(axis=1).mean())


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def delays(first_low: int, scale: float) -> list[list[str]]:
    """A row for each true drop: how many nights pass until it is red.

    first_low: the night on which the drop begins
    """
    rows = []
    n_lives = int(200 * scale)
    for drop in DROPS:
        row = [f"{drop:g}"]
        drops = [0.0] * (first_low - 1) + [drop] * PATIENCE
        for size in SIZES:
            rng = np.random.default_rng([19, size, int(drop), first_low])
            guarded = Guarded(rng, size)
            waits = [_wait(guarded.nights(drops), first_low) for _ in range(n_lives)]
            row.append(_words(waits))
        rows.append(row)
    return rows


def _wait(nights: Iterator[Night], first_low: int) -> float:
    """Return the number of low nights until the first red one."""
    for number, night in enumerate(nights, start=1):
        if night.red and number >= first_low:
            return number - first_low + 1
    return np.inf


def _words(waits: Sequence[float]) -> str:
    median, late = np.quantile(waits, [0.5, 0.8], method="higher")
    texts = []
    for one in (median, late):
        texts.append(f"{one:.0f}" if np.isfinite(one) else f"> {PATIENCE}")
    return " / ".join(texts)


def table(header: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def tables(scale: float) -> str:
    """All tables, with what introduces them."""
    looks = table(LOOKS, single_looks(scale))
    false = table(FALSE_ALARMS, false_alarms(scale))
    sizes = [f"{size} reference runs" for size in SIZES]
    waits = [
        f"A drop that begins on night {start}:\n\n"
        + table(["true drop", *sizes], delays(start, scale))
        for start in STARTS
    ]
    return (
        f'Drops are in standard deviations between training runs. "Confirmed" means that as '
        f"many runs with\nother seeds fail the t-test too.\n\n{looks}\n\n"
        f"If nothing changes, each reference being watched for {NIGHTS} nights:\n\n{false}\n\n"
        f"Nights until a drop that lasts is red, with one run a night, in half / in 8 of 10 "
        f"simulations.\n\n" + "\n\n".join(waits)
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
