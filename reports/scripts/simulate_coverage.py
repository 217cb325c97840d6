"""How often each nominal 95 % interval holds what it claims: the table of docs/statistics.md.

    python reports/scripts/simulate_coverage.py docs/statistics.md

A development script, seeded; about five minutes of one core. It invents worlds whose true
accuracies are known, lets a learner answer episodes in them, and counts. Replaces what stands
between the markers of the file.
"""

import argparse
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from fewbench.reports.records import EvalProtocol, RunResult, count_correct
from fewbench.reports.stats.betting import BETS
from fewbench.reports.stats.class_bootstrap import class_bootstrap
from fewbench.reports.stats.comparisons import compare
from fewbench.reports.stats.intervals import (
    LEGACY_KINDS,
    Interval,
    anytime,
    episodes_t,
    legacy_z,
    mean_t,
    open_t,
)

SEED = 5
MARKERS = "<!-- coverage -->", "<!-- /coverage -->"
WAY, SHOT, QUERY = 5, 1, 15
# What an interval may be about.
SAME, IMAGES, CLASSES = (
    "same classes and images",
    "new images, same classes",
    "new classes",
)
SEEDS = "new training runs, same episodes"
DIFFERENCE, DIFFERENCE_NEW = (
    "difference, same classes and images",
    "difference, new classes",
)
STREAM_MEAN = 0.8


class Row(NamedTuple):
    """Coverage of one interval: how often it held the true value in `runs` simulated runs."""

    interval: str
    about: str
    setting: str
    covered: float
    half_width: float
    runs: int

    @property
    def error(self) -> float:
        """Monte Carlo standard error; where all or none were covered, that of half a miss."""
        p = float(np.clip(self.covered, 0.5 / self.runs, 1 - 0.5 / self.runs))
        return (p * (1 - p) / self.runs) ** 0.5


class Tally:
    """Counts which intervals held the truth, by what they are, what about and where."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, str], list[tuple[bool, float]]] = defaultdict(
            list
        )

    def add(self, name: tuple[str, str, str], interval: Interval, truth: float) -> None:
        held = interval.low <= truth <= interval.high
        self._found[name].append((held, (interval.high - interval.low) / 2))

    def rows(self) -> list[Row]:
        means = {name: np.mean(found, axis=0) for name, found in self._found.items()}
        return [
            Row(*name, float(mean[0]), float(mean[1]), len(self._found[name]))
            for name, mean in means.items()
        ]


@dataclass(frozen=True)
class World:
    """Classes and images whose difficulty adds up to the probability of a right answer.

    Standard deviations: target of a class as the true one, rival as one of the others, query of
    an image that is asked, support of an image that is shown. All bounded, so that the
    probability stays within 0 and 1 and the true accuracies are plain means.
    """

    n_classes: int = 20
    n_images: int = 100
    mean: float = 0.54
    target: float = 0.08
    rival: float = 0.02
    query: float = 0.12
    support: float = 0.03
    turns: int = 1  # classes that are one class, turned; they share three quarters of their target

    def name(self, c: int) -> str:
        """As views name their classes."""
        turned = f"/rot{90 * (c % self.turns):03d}" if self.turns > 1 else ""
        return f"{c // self.turns}{turned}"


class Sample(NamedTuple):
    """A result in a world that was just drawn, which image each query was, and the true accuracy
    by what it is about."""

    result: RunResult
    images: NDArray[np.int64]
    truth: dict[str, float]


def draw(world: World, n_episodes: int | None, rng: np.random.Generator) -> Sample:
    """Draw a world and answer episodes in it: n_episodes of them, or disjoint ones for None."""
    shape = (world.n_classes, world.n_images)
    # Classes are skewed: a few are far harder than the rest.
    target = world.target * (rng.beta(3, 2, world.n_classes) - 0.6) / 0.2
    if world.turns > 1:
        base = (
            world.target * (rng.beta(3, 2, world.n_classes // world.turns) - 0.6) / 0.2
        )
        target = 0.75 * np.repeat(base, world.turns) + 0.25 * target
    rival = world.rival * _uniform(rng, world.n_classes)
    query, support = (
        world.query * _uniform(rng, shape),
        world.support * _uniform(rng, shape),
    )
    if n_episodes is None:
        classes, images = disjoint_episodes(world, rng)
    else:
        classes, images = independent_episodes(world, n_episodes, rng)
    own = classes[:, :, None]
    shown, asked = images[:, :, :SHOT], images[:, :, SHOT:]
    rivals = (rival[classes].sum(axis=1, keepdims=True) - rival[classes]) / (WAY - 1)
    slot = world.mean + target[classes] + rivals + support[own, shown].mean(axis=2)
    hits = rng.random(asked.shape) < slot[:, :, None] + query[own, asked]
    same_classes = world.mean + float(target.mean() + rival.mean())
    truth = {
        SAME: same_classes + float(query.mean() + support.mean()),
        IMAGES: same_classes,
        CLASSES: world.mean,
    }
    keys = (own * world.n_images + asked).reshape(len(classes), -1)
    return Sample(
        as_result(hits, classes, world, disjoint=n_episodes is None), keys, truth
    )


def independent_episodes(
    world: World,
    n_episodes: int,
    rng: np.random.Generator,
) -> tuple[NDArray, NDArray]:
    """Classes (n, WAY) and images (n, WAY, SHOT + QUERY), without replacement within an episode."""
    k = SHOT + QUERY
    classes = _choose(rng, n_episodes, world.n_classes, WAY)
    images = _choose(rng, n_episodes * WAY, world.n_images, k)
    return classes, images.reshape(n_episodes, WAY, k)


def disjoint_episodes(
    world: World,
    rng: np.random.Generator,
) -> tuple[NDArray, NDArray]:
    """As many episodes as there are without using an image twice: rounds over all classes."""
    k = SHOT + QUERY
    order = rng.random((world.n_classes, world.n_images)).argsort(axis=1)
    per_round = world.n_classes // WAY
    rounds = [
        rng.permutation(world.n_classes)[: per_round * WAY].reshape(per_round, WAY)
        for _ in range(world.n_images // k)
    ]
    images = [order[classes, i * k : (i + 1) * k] for i, classes in enumerate(rounds)]
    return np.concatenate(rounds), np.concatenate(images)


def as_result(
    hits: NDArray,
    classes: NDArray,
    world: World,
    disjoint: bool = False,
) -> RunResult:
    """A result with these right answers: bool (n_episodes, n_way, n_query)."""
    n, way, n_query = hits.shape
    labels = np.arange(way)[:, None]
    predictions = (
        np.where(hits, labels, (labels + 1) % way).reshape(n, -1).astype(np.uint8)
    )
    card: dict[str, Any] = {
        "name": "simulated", "dataset": "simulated", "split": "test", "seed": 0,
        "n_way": way, "n_shot": SHOT, "n_query": n_query, "n_episodes": n,
        "sampling": "disjoint" if disjoint else "independent", "rotations": world.turns > 1,
    }  # fmt: skip
    fields: dict[str, Any] = {
        "learner": "simulated", "backbone": "", "train_seed": 0, "recipe": {},
        "precision": "other", "device": "cpu", "transductive": False, "partial": False,
        "data_fingerprint": "", "episodes_fingerprint": "", "checkpoint_sha256": None,
        "environment": {}, "seconds": {}, "created_utc": "", "command": "",
        "predictions": predictions, "correct": count_correct(predictions, way),
        "classes": classes.astype(np.uint16),
        "class_names": np.array([world.name(c) for c in range(world.n_classes)]),
        "class_sizes": np.full(world.n_classes, world.n_images, np.int32),
    }  # fmt: skip
    return RunResult(protocol=EvalProtocol(**card), **fields)


def in_worlds(tally: Tally, world: World, runs: int, rng: np.random.Generator) -> None:
    """Intervals over 1,000 independent episodes, and over all disjoint ones."""
    setting = f"{world.n_classes} classes of {world.n_images}, n = 1,000"
    for _ in range(runs):
        sample, seed = draw(world, 1000, rng), int(rng.integers(2**32))
        plain = episodes_t(sample.result.accuracies)
        for about in (SAME, IMAGES, CLASSES):
            tally.add(("episodes-t", about, setting), plain, sample.truth[about])
        for name, images in (
            ("open-bootstrap", None),
            ("open-bootstrap + images", sample.images),
        ):
            found = class_bootstrap(sample.result, images, resamples=1000, seed=seed)
            tally.add((name, CLASSES, setting), found, sample.truth[CLASSES])
    for _ in range(runs):
        sample = draw(world, None, rng)
        found = open_t(sample.result)
        setting = (
            f"{world.n_classes} classes of {world.n_images}, n = {found.n} disjoint"
        )
        for about in (IMAGES, CLASSES):
            tally.add(("open", about, setting), found, sample.truth[about])


def with_turns(tally: Tally, runs: int, rng: np.random.Generator) -> None:
    """Turned classes, which another draw of classes brings together; and as if it did not."""
    world = World(n_classes=200, n_images=20, turns=4)
    setting = "50 classes of 20 in 4 turns, n = 1,000"
    for _ in range(runs):
        sample, seed = draw(world, 1000, rng), int(rng.integers(2**32))
        result, truth = sample.result, sample.truth[CLASSES]
        found = class_bootstrap(result, resamples=1000, seed=seed)
        tally.add(("open-bootstrap", CLASSES, setting), found, truth)
        apart = replace(result, protocol=replace(result.protocol, rotations=False))
        found = class_bootstrap(apart, resamples=1000, seed=seed)
        tally.add(("open-bootstrap, each turn a class", CLASSES, setting), found, truth)


def with_few_episodes(tally: Tally, runs: int, rng: np.random.Generator) -> None:
    """The normal quantile against Student's, and a mean close to 100 %."""
    for n in (5, 10, 100):
        for _ in range(runs):
            sample = draw(World(), n, rng)
            accuracies, truth = sample.result.accuracies, sample.truth[SAME]
            tally.add(("episodes-t", SAME, f"n = {n}"), episodes_t(accuracies), truth)
            for kind in LEGACY_KINDS:
                tally.add(
                    (kind, SAME, f"n = {n}"), legacy_z(accuracies, kind=kind), truth
                )
    for n in (20, 600):
        for _ in range(runs):
            # Two episodes in a hundred are hard.
            shares = np.where(rng.random(n) < 0.02, 0.90, 0.998)
            accuracies = rng.binomial(75, shares) / 75
            plain = mean_t(accuracies, 0.95, "episodes-t")
            setting = f"accuracy 99.6 %, n = {n}"
            tally.add(
                ("episodes-t, whatever the spread", SAME, setting), plain, 0.99604
            )
            tally.add(("episodes-t", SAME, setting), episodes_t(accuracies), 0.99604)


def over_seeds(tally: Tally, runs: int, rng: np.random.Generator) -> None:
    """Training runs with a spread of 0.7 points; and where one in ten fails, by 5 points."""
    for n_seeds, failing in product((3, 5), (0.0, 0.1)):
        setting = f"{n_seeds} seeds" + ", one in ten fails" * (failing > 0)
        for _ in range(runs):
            shift = rng.normal(0, 0.007, (n_seeds, 1)) - 0.05 * (
                rng.random((n_seeds, 1)) < failing
            )
            episodes = 0.8 + 0.06 * _uniform(rng, 600)
            accuracies = rng.binomial(75, np.clip(episodes + shift, 0, 1)) / 75
            # What `train_seeds` does with the means of its results.
            found = mean_t(accuracies.mean(axis=1), 0.95, "train-seeds")
            truth = float(episodes.mean()) - 0.05 * failing
            tally.add(("train-seeds", SEEDS, setting), found, truth)
            if n_seeds == 3 and not failing:
                one = episodes_t(accuracies[0])
                tally.add(("episodes-t", SEEDS, "one seed, n = 600"), one, truth)


def when_stopping(tally: Tally, runs: int, rng: np.random.Generator) -> None:
    """Look again and again, and stop when it suits."""
    looks = np.arange(20, 5001, 20)
    for _ in range(runs):
        accuracies, truth = _stream(rng, looks[-1]), STREAM_MEAN
        for name, outside in (
            ("episodes-t", _t_excludes),
            ("anytime", _anytime_excludes),
        ):
            excluded = outside(accuracies, looks, truth)
            stop = int(looks[excluded.argmax()]) if excluded.any() else int(looks[-1])
            interval = episodes_t if name == "episodes-t" else anytime
            setting = "stops once it excludes the truth, looks every 20 to 5,000"
            tally.add((name, SAME, setting), interval(accuracies[:stop]), truth)
    for _ in range(runs):
        accuracies = _stream(rng, 2000)
        for name, interval in (("episodes-t", episodes_t), ("anytime", anytime)):
            found = next(
                found
                for n in range(4, 2001, 4)
                if (found := interval(accuracies[:n])).half_width <= 0.05
            )
            setting = "stops once at ± 5 points, looks every 4 from 4"
            tally.add((name, SAME, setting), found, STREAM_MEAN)


def _stream(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    return rng.binomial(75, rng.beta(16, 4, n)) / 75


def _t_excludes(accuracies: NDArray, looks: NDArray, truth: float) -> NDArray[np.bool_]:
    """Whether `episodes_t` of the first n excludes the truth, for each n of looks."""
    means = accuracies.cumsum()[looks - 1] / looks
    squares = (accuracies**2).cumsum()[looks - 1] / looks
    errors = np.sqrt((squares - means**2) / (looks - 1))
    return np.abs(means - truth) > stdtrit(looks - 1, 0.975) * errors


def _anytime_excludes(
    accuracies: NDArray,
    looks: NDArray,
    truth: float,
) -> NDArray[np.bool_]:
    """The same for `anytime`: whether a bet on either side has reached its threshold."""
    rich = np.zeros(len(looks), bool)
    for values, mean in ((accuracies, truth), (1 - accuracies, 1 - truth)):
        growth = np.log1p(BETS * (values[:, None] / mean - 1)).cumsum(axis=0)[looks - 1]
        rich |= np.logaddexp.reduce(growth, axis=1) - np.log(BETS.size) >= np.log(
            2 / 0.05
        )
    return rich


def of_pairs(tally: Tally, runs: int, rng: np.random.Generator) -> None:
    """Two learners on the same episodes, the first better by 2 points, but not on every class."""
    world = World()
    for n, seed in product((10, 600), range(runs)):
        classes, _ = independent_episodes(world, n, rng)
        gain = 0.02 + 0.05 * _uniform(rng, world.n_classes)
        slots = (
            0.6 + 0.08 * _uniform(rng, (n, WAY, 1)) + 0.06 * _uniform(rng, (n, 1, 1))
        )
        shares = (slots + gain[classes][:, :, None], slots)
        a, b = (
            as_result(rng.random((n, WAY, QUERY)) < p, classes, world) for p in shares
        )
        found = compare(a, b, resamples=1000, seed=seed)
        truth = float(gain.mean())
        tally.add(("paired-t", DIFFERENCE, f"n = {n}"), found.interval, truth)
        if found.bootstrap:
            tally.add(
                ("paired-bootstrap", DIFFERENCE, f"n = {n}"), found.bootstrap, truth
            )
        if n == 600:
            setting = f"{world.n_classes} classes, n = 600"
            tally.add(("paired-t", DIFFERENCE_NEW, setting), found.interval, 0.02)


def simulate(scale: float, seed: int = SEED) -> list[Row]:
    """Every row of the table; scale 1 makes at least 2,000 runs of each."""
    tally, rng = Tally(), np.random.default_rng(seed)
    runs = max(round(2000 * scale), 20)
    in_worlds(tally, World(), runs, rng)
    in_worlds(tally, World(n_classes=423, n_images=20), runs, rng)
    with_turns(tally, runs, np.random.default_rng(seed + 1))
    with_few_episodes(tally, 5 * runs, rng)
    over_seeds(tally, 5 * runs, rng)
    when_stopping(tally, runs, rng)
    of_pairs(tally, runs, rng)
    return tally.rows()


def markdown(rows: Iterable[Row]) -> str:
    """The table; bold where the interval does not hold what it says."""
    lines = [
        "| interval | about | setting | coverage | ± half-width |",
        "|---|---|---|--:|--:|",
    ]
    for row in rows:
        covered = f"{100 * row.covered:.1f} ± {100 * row.error:.1f} %"
        fails = (
            row.covered < 0.94 - 4 * row.error
        )  # more than bad luck, and than a trifle
        covered = f"**{covered}**" if fails else covered
        cells = [
            row.interval,
            row.about,
            row.setting,
            covered,
            f"{100 * row.half_width:.2f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _uniform(
    rng: np.random.Generator,
    shape: int | tuple[int, ...],
) -> NDArray[np.float64]:
    """Mean 0, standard deviation 1, bounded."""
    return rng.uniform(-(3**0.5), 3**0.5, shape)


def _choose(rng: np.random.Generator, n_rows: int, n: int, k: int) -> NDArray[np.int64]:
    """k of range(n) in each row, without replacement."""
    return np.argpartition(rng.random((n_rows, n)), k - 1, axis=1)[:, :k]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path, help="Markdown file with the markers")
    parser.add_argument(
        "--scale", type=float, default=1.0, help="1 makes 2,000 runs a row"
    )
    arguments = parser.parse_args()
    started = time.process_time()
    table = markdown(simulate(arguments.scale))
    print(f"{table}\n{time.process_time() - started:.0f} s of CPU")
    before, rest = arguments.path.read_text(encoding="utf-8").split(MARKERS[0])
    after = rest.split(MARKERS[1])[1]
    text = f"{before}{MARKERS[0]}\n{table}\n{MARKERS[1]}{after}"
    arguments.path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
