"""How often each nominal 95 % interval holds what it claims: the table of docs/statistics.md.

    python reports/scripts/simulate_coverage.py docs/statistics.md

A development script, seeded. It takes about ten minutes of one core. It invents worlds whose
true accuracies are known, lets a learner answer episodes in them, and counts how often an
interval holds the true value. The table replaces what is between the markers of the file.
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

from fewbench.reports.protocol import EvalProtocol
from fewbench.reports.records import ResultError, RunResult, count_correct
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
from fewbench.reports.stats.paired_tests import paired_intervals

SEED = 5
MARKERS = "<!-- coverage -->", "<!-- /coverage -->"
WAY, SHOT, QUERY = 5, 1, 15
# What an interval may be about.
SAME = "same classes and images"
IMAGES = "new images, same classes"
CLASSES = "new classes"
SEEDS = "new training runs, same episodes"
DIFFERENCE = "difference, same classes and images"
DIFFERENCE_NEW = "difference, new classes"
GROUPS = "new groups of classes"
SAME_GROUPS = "new classes of the same groups"
STREAM_MEAN = 0.8

# Interval, what it is about, and the setting: the first three columns of the table.
Name = tuple[str, str, str]


class Row(NamedTuple):
    """Coverage of one interval: how often it held the true value in `runs` simulated runs.

    marked: how often the interval said itself that its limits are rough, or was refused;
        the other columns are about the intervals that were not refused
    """

    interval: str
    about: str
    setting: str
    covered: float
    half_width: float
    marked: float
    runs: int

    @property
    def error(self) -> float:
        """Monte Carlo standard error.

        Where all or no runs were covered, it is that of half a run more or less.
        """
        least = 0.5 / self.runs
        p = float(np.clip(self.covered, least, 1 - least))
        return (p * (1 - p) / self.runs) ** 0.5


class Tally:
    """Counts how often the intervals of each name held the true value."""

    def __init__(self) -> None:
        self._found: dict[Name, list[tuple[bool, float, bool]]] = defaultdict(list)
        self._refused: dict[Name, int] = defaultdict(int)

    def refuse(self, name: Name) -> None:
        self._refused[name] += 1

    def add(self, name: Name, interval: Interval, truth: float) -> None:
        held = interval.low <= truth <= interval.high
        half_width = (interval.high - interval.low) / 2
        marked = bool(interval.caution)
        self._found[name].append((held, half_width, marked))

    def rows(self) -> list[Row]:
        rows = []
        for name, found in self._found.items():
            covered, half_width, marked = map(float, np.mean(found, axis=0))
            runs = len(found) + self._refused[name]
            marked = (marked * len(found) + self._refused[name]) / runs
            rows.append(Row(*name, covered, half_width, marked, runs))
        return rows


@dataclass(frozen=True)
class World:
    """Classes and images whose difficulty adds up to the probability of a right answer.

    All parts are bounded. So the probability stays within 0 and 1, and the true accuracies are
    plain means.

    target, rival: standard deviation over classes, as the true one and as one of the others
    query, support: standard deviation over images, as query images and as support images
    turns: how many rotated copies each class has, or how many classes each group has
    shared: how much of their target copies have in common, the classes of a group too
    way: classes of an episode
    skill: parameters of the beta distribution of the targets, which is then standardised
    """

    n_classes: int = 20
    n_images: int = 100
    mean: float = 0.54
    target: float = 0.08
    rival: float = 0.02
    query: float = 0.12
    support: float = 0.03
    turns: int = 1
    shared: float = 0.75
    way: int = WAY
    skill: tuple[float, float] = (3, 2)

    def name(self, c: int) -> str:
        """The name of class `c`, in the way that views name rotated copies."""
        base = str(c // self.turns)
        if self.turns == 1:
            return base
        return f"{base}/rot{90 * (c % self.turns):03d}"


class Sample(NamedTuple):
    """A result in a world that was just drawn.

    images: which image each query was
    truth: the true accuracy, by what it is about
    """

    result: RunResult
    images: NDArray[np.int64]
    truth: dict[str, float]


def draw(world: World, n_episodes: int | None, rng: np.random.Generator) -> Sample:
    """Draw a world and answer `n_episodes` episodes in it; None: all disjoint ones."""
    shape = (world.n_classes, world.n_images)
    target, of_group = _class_targets(world, rng)
    rival = world.rival * _uniform(rng, world.n_classes)
    query = world.query * _uniform(rng, shape)
    support = world.support * _uniform(rng, shape)
    if n_episodes is None:
        classes, images = disjoint_episodes(world, rng)
    else:
        classes, images = independent_episodes(world, n_episodes, rng)
    own = classes[:, :, None]
    shown = images[:, :, :SHOT]
    asked = images[:, :, SHOT:]
    all_rivals = rival[classes].sum(axis=1, keepdims=True)
    rivals = (all_rivals - rival[classes]) / (world.way - 1)
    supports = support[own, shown].mean(axis=2)
    slot = world.mean + target[classes] + rivals + supports
    hits = rng.random(asked.shape) < slot[:, :, None] + query[own, asked]
    same_classes = world.mean + float(target.mean() + rival.mean())
    truth = {
        SAME: same_classes + float(query.mean() + support.mean()),
        IMAGES: same_classes,
        CLASSES: world.mean,
        SAME_GROUPS: world.mean + float(of_group.mean()),
    }
    keys = (own * world.n_images + asked).reshape(len(classes), -1)
    result = as_result(hits, classes, world, disjoint=n_episodes is None)
    return Sample(result, keys, truth)


def independent_episodes(
    world: World,
    n_episodes: int,
    rng: np.random.Generator,
) -> tuple[NDArray, NDArray]:
    """Classes (n, way) and images (n, way, SHOT + QUERY), none twice within an episode."""
    k = SHOT + QUERY
    classes = _choose(rng, n_episodes, world.n_classes, world.way)
    if world.n_images == k:
        # Each episode has all images of its classes: only the ones that are shown differ.
        first = rng.integers(k, size=(n_episodes, world.way, 1))
        return classes, (first + np.arange(k)) % k
    images = _choose(rng, n_episodes * world.way, world.n_images, k)
    return classes, images.reshape(n_episodes, world.way, k)


def disjoint_episodes(
    world: World,
    rng: np.random.Generator,
) -> tuple[NDArray, NDArray]:
    """As many episodes as there are without using an image twice: rounds over all classes."""
    k = SHOT + QUERY
    order = rng.random((world.n_classes, world.n_images)).argsort(axis=1)
    per_round = world.n_classes // WAY
    rounds = []
    images = []
    for i in range(world.n_images // k):
        shuffled = rng.permutation(world.n_classes)
        classes = shuffled[: per_round * WAY].reshape(per_round, WAY)
        rounds.append(classes)
        images.append(order[classes, i * k : (i + 1) * k])
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
    answers = np.where(hits, labels, (labels + 1) % way)
    predictions = answers.reshape(n, -1).astype(np.uint8)
    protocol = EvalProtocol(
        name="simulated",
        dataset="simulated",
        split="test",
        seed=0,
        n_way=way,
        n_shot=SHOT,
        n_query=n_query,
        n_episodes=n,
        sampling="disjoint" if disjoint else "independent",
        rotations=world.turns > 1,
    )
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
    return RunResult(protocol=protocol, **fields)


def in_worlds(tally: Tally, world: World, runs: int, rng: np.random.Generator) -> None:
    """Intervals over 1,000 independent episodes, and over all disjoint ones."""
    size = f"{world.n_classes} classes of {world.n_images}"
    setting = f"{size}, n = 1,000"
    for _ in range(runs):
        sample = draw(world, 1000, rng)
        seed = int(rng.integers(2**32))
        plain = episodes_t(sample.result.accuracies)
        for about in (SAME, IMAGES, CLASSES):
            tally.add(("episodes-t", about, setting), plain, sample.truth[about])
        kinds = {"open-bootstrap": None, "open-bootstrap + images": sample.images}
        for kind, images in kinds.items():
            found = class_bootstrap(sample.result, images, resamples=1000, seed=seed)
            tally.add((kind, CLASSES, setting), found, sample.truth[CLASSES])
    for _ in range(runs):
        sample = draw(world, None, rng)
        found = open_t(sample.result)
        setting = f"{size}, n = {found.n} disjoint"
        for about in (IMAGES, CLASSES):
            tally.add(("open", about, setting), found, sample.truth[about])


def with_turns(tally: Tally, runs: int, rng: np.random.Generator) -> None:
    """Rotated copies that are drawn with their class, and as if they were drawn alone."""
    world = World(n_classes=200, n_images=20, turns=4)
    setting = "50 classes of 20 in 4 turns, n = 1,000"
    for _ in range(runs):
        sample = draw(world, 1000, rng)
        seed = int(rng.integers(2**32))
        result = sample.result
        truth = sample.truth[CLASSES]
        found = class_bootstrap(result, resamples=1000, seed=seed)
        tally.add(("open-bootstrap", CLASSES, setting), found, truth)
        apart = replace(result, protocol=replace(result.protocol, rotations=False))
        found = class_bootstrap(apart, resamples=1000, seed=seed)
        tally.add(("open-bootstrap, each turn a class", CLASSES, setting), found, truth)


def of_small_worlds(tally: Tally, runs: int, rng: np.random.Generator) -> None:
    """Splits that have hardly more classes than an episode, and classes near 100 %."""
    settings = [(20, n_classes, 1000) for n_classes in (24, 45, 160)]
    settings += [(5, n_classes, n) for n_classes in (6, 8, 20) for n in (100, 1000)]
    for way, n_classes, n in settings:
        world = World(n_classes=n_classes, n_images=SHOT + QUERY, way=way)
        setting = f"{way}-way of {n_classes} classes, n = {n:,}"
        _about_new_classes(tally, world, n, setting, runs, rng)
    for n_classes in (20, 423):
        # Most classes are perfect, and a few are several points below.
        perfect = World(
            n_classes=n_classes, n_images=SHOT + QUERY, mean=0.997, target=0.0049, rival=0,
            query=0, support=0, skill=(6, 0.3),
        )  # fmt: skip
        setting = f"accuracy 99.7 %, {n_classes} classes, n = 1,000"
        _about_new_classes(tally, perfect, 1000, setting, runs, rng)


def in_groups(tally: Tally, runs: int, rng: np.random.Generator) -> None:
    """Classes that come in groups, drawn one by one and drawn by group."""
    world = World(n_classes=60, n_images=SHOT + QUERY, turns=5, shared=0.5)
    groups = [str(c // world.turns) for c in range(world.n_classes)]
    setting = "60 classes in 12 groups, n = 1,000"
    for _ in range(runs):
        sample = draw(world, 1000, rng)
        seed = int(rng.integers(2**32))
        protocol = replace(sample.result.protocol, rotations=False)
        result = replace(sample.result, protocol=protocol)
        alone = class_bootstrap(result, resamples=1000, seed=seed)
        for about in (SAME_GROUPS, GROUPS):
            truth = sample.truth[SAME_GROUPS if about == SAME_GROUPS else CLASSES]
            tally.add(("open-bootstrap", about, setting), alone, truth)
        found = class_bootstrap(result, resamples=1000, seed=seed, groups=groups)
        name = ("open-bootstrap, by group", GROUPS, setting)
        tally.add(name, found, sample.truth[CLASSES])


def of_rare_episodes(tally: Tally, runs: int, rng: np.random.Generator) -> None:
    """Two episodes in a hundred are answered at chance; two learners seldom differ."""
    for n in (20, 100, 600):
        for _ in range(runs):
            at_chance = rng.random(n) < 0.02
            accuracies = rng.binomial(75, np.where(at_chance, 0.2, 0.95)) / 75
            setting = f"accuracy 95 %, but for 2 % of episodes at chance, n = {n}"
            truth = 0.98 * 0.95 + 0.02 * 0.2
            tally.add(("episodes-t", SAME, setting), episodes_t(accuracies), truth)
            accuracies = rng.binomial(75, np.where(at_chance, 0.2, 1)) / 75
            setting = f"perfect, but for 2 % of episodes at chance, n = {n}"
            truth = 0.98 + 0.02 * 0.2
            tally.add(("episodes-t", SAME, setting), episodes_t(accuracies), truth)
    for n in (20, 100, 600):
        setting = f"equal in 98 % of episodes, n = {n}"
        pair = np.array([[0, 1]])
        for _ in range(runs // 5):
            a, b = _alike(n, rng)
            # Not by `compare`, which gives no interval for equal predictions.
            correct = np.stack([a.correct, b.correct])
            (found,), _ = paired_intervals([a, b], correct, pair, 0.95)
            tally.add(("paired-t", DIFFERENCE, setting), found, 0.0)


def with_few_episodes(tally: Tally, runs: int, rng: np.random.Generator) -> None:
    """The normal quantile against Student's, and a mean close to 100 %."""
    for n in (5, 10, 100):
        setting = f"n = {n}"
        for _ in range(runs):
            sample = draw(World(), n, rng)
            accuracies = sample.result.accuracies
            truth = sample.truth[SAME]
            tally.add(("episodes-t", SAME, setting), episodes_t(accuracies), truth)
            for kind in LEGACY_KINDS:
                found = legacy_z(accuracies, kind=kind)
                tally.add((kind, SAME, setting), found, truth)
    anyhow = "episodes-t, whatever the spread"
    for n in (20, 600):
        setting = f"accuracy 99.6 %, n = {n}"
        for _ in range(runs):
            # Two episodes in a hundred are hard.
            shares = np.where(rng.random(n) < 0.02, 0.90, 0.998)
            accuracies = rng.binomial(75, shares) / 75
            plain = mean_t(accuracies, 0.95, "episodes-t")
            tally.add((anyhow, SAME, setting), plain, 0.99604)
            tally.add(("episodes-t", SAME, setting), episodes_t(accuracies), 0.99604)


def over_seeds(tally: Tally, runs: int, rng: np.random.Generator) -> None:
    """Training runs with a spread of 0.7 points; and where one in ten fails, by 5 points."""
    for n_seeds, failing in product((3, 5), (0.0, 0.1)):
        setting = f"{n_seeds} seeds"
        if failing > 0:
            setting += ", one in ten fails"
        for _ in range(runs):
            shift = rng.normal(0, 0.007, (n_seeds, 1))
            fails = rng.random((n_seeds, 1)) < failing
            shift = shift - 0.05 * fails
            episodes = 0.8 + 0.06 * _uniform(rng, 600)
            shares = np.clip(episodes + shift, 0, 1)
            accuracies = rng.binomial(75, shares) / 75
            # `train_seeds` does the same with the means of its results.
            found = mean_t(accuracies.mean(axis=1), 0.95, "train-seeds")
            truth = float(episodes.mean()) - 0.05 * failing
            tally.add(("train-seeds", SEEDS, setting), found, truth)
            if n_seeds == 3 and not failing:
                one = episodes_t(accuracies[0])
                tally.add(("episodes-t", SEEDS, "one seed, n = 600"), one, truth)


def when_stopping(tally: Tally, runs: int, rng: np.random.Generator) -> None:
    """Look again and again, and stop as soon as the result pleases."""
    looks = np.arange(20, 5001, 20)
    intervals = {"episodes-t": episodes_t, "anytime": anytime}
    excludes = {"episodes-t": _t_excludes, "anytime": _anytime_excludes}
    setting = "stops once it excludes the truth, looks every 20 to 5,000"
    for _ in range(runs):
        accuracies = _stream(rng, looks[-1])
        for kind, interval in intervals.items():
            excluded = excludes[kind](accuracies, looks, STREAM_MEAN)
            stop = int(looks[-1])
            if excluded.any():
                stop = int(looks[excluded.argmax()])
            tally.add((kind, SAME, setting), interval(accuracies[:stop]), STREAM_MEAN)
    setting = "stops once at ± 5 points, looks every 4 from 4"
    for _ in range(runs):
        accuracies = _stream(rng, 2000)
        for kind, interval in intervals.items():
            looked = (interval(accuracies[:n]) for n in range(4, 2001, 4))
            found = next(found for found in looked if found.half_width <= 0.05)
            tally.add((kind, SAME, setting), found, STREAM_MEAN)


def of_pairs(tally: Tally, runs: int, rng: np.random.Generator) -> None:
    """Two learners on the same episodes, the first better by 2 points, but not on every class."""
    world = World()
    for n, seed in product((10, 600), range(runs)):
        setting = f"n = {n}"
        classes, _ = independent_episodes(world, n, rng)
        gain = 0.02 + 0.05 * _uniform(rng, world.n_classes)
        of_slots = 0.08 * _uniform(rng, (n, WAY, 1))
        of_episodes = 0.06 * _uniform(rng, (n, 1, 1))
        slots = 0.6 + of_slots + of_episodes
        better = slots + gain[classes][:, :, None]
        hits = rng.random((n, WAY, QUERY)) < better
        a = as_result(hits, classes, world)
        hits = rng.random((n, WAY, QUERY)) < slots
        b = as_result(hits, classes, world)
        found = compare(a, b, resamples=1000, seed=seed)
        if found.interval is None:  # equal predictions
            continue
        truth = float(gain.mean())
        tally.add(("paired-t", DIFFERENCE, setting), found.interval, truth)
        if found.bootstrap:
            tally.add(("paired-bootstrap", DIFFERENCE, setting), found.bootstrap, truth)
        if n == 600:
            setting = f"{world.n_classes} classes, n = 600"
            tally.add(("paired-t", DIFFERENCE_NEW, setting), found.interval, 0.02)


def simulate(scale: float, seed: int = SEED) -> list[Row]:
    """Every row of the table; scale 1 makes at least 2,000 runs of each."""
    tally = Tally()
    rng = np.random.default_rng(seed)
    runs = max(round(2000 * scale), 20)
    in_worlds(tally, World(), runs, rng)
    in_worlds(tally, World(n_classes=423, n_images=20), runs, rng)
    with_turns(tally, runs, np.random.default_rng(seed + 1))
    with_few_episodes(tally, 5 * runs, rng)
    over_seeds(tally, 5 * runs, rng)
    when_stopping(tally, runs, rng)
    of_pairs(tally, runs, rng)
    # A repetition with few runs makes still fewer of these, which take long.
    slow = max(round(2000 * scale**2), 20)
    of_small_worlds(tally, slow, np.random.default_rng(seed + 2))
    in_groups(tally, slow, np.random.default_rng(seed + 3))
    of_rare_episodes(tally, 5 * runs, np.random.default_rng(seed + 4))
    return tally.rows()


def markdown(rows: Iterable[Row]) -> str:
    """The table, with the coverage in bold where the interval does not hold what it says."""
    lines = [
        "| interval | about | setting | coverage | ± half-width | marked |",
        "|---|---|---|--:|--:|--:|",
    ]
    for row in rows:
        covered = f"{100 * row.covered:.1f} ± {100 * row.error:.1f} %"
        # More than bad luck (four standard errors), and more than a trifle (1 %).
        fails = row.covered < 0.94 - 4 * row.error
        if fails:
            covered = f"**{covered}**"
        half_width = f"{100 * row.half_width:.2f}"
        marked = ""
        if row.interval.startswith("open-bootstrap"):
            marked = f"{100 * row.marked:.0f} %"
        cells = [row.interval, row.about, row.setting, covered, half_width, marked]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _about_new_classes(
    tally: Tally,
    world: World,
    n: int,
    setting: str,
    runs: int,
    rng: np.random.Generator,
) -> None:
    for _ in range(runs):
        sample = draw(world, n, rng)
        seed = int(rng.integers(2**32))
        name = ("open-bootstrap", CLASSES, setting)
        try:
            found = class_bootstrap(sample.result, resamples=1000, seed=seed)
        except ResultError:
            tally.refuse(name)
            continue
        tally.add(name, found, sample.truth[CLASSES])


def _class_targets(
    world: World,
    rng: np.random.Generator,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How much easier than average each class is, skewed: a few are far harder than the rest.

    Returns this and the part that the classes of a group share: float64 (n_classes,) each.
    """
    target = _skills(world, world.n_classes, rng)
    if world.turns == 1:
        return target, np.zeros(world.n_classes)
    base = _skills(world, world.n_classes // world.turns, rng)
    of_group = world.shared * np.repeat(base, world.turns)
    return of_group + (1 - world.shared) * target, of_group


def _skills(world: World, n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Numbers of mean 0 and of the standard deviation `world.target`."""
    a, b = world.skill
    mean = a / (a + b)
    variance = mean * (1 - mean) / (a + b + 1)
    return world.target * (rng.beta(a, b, n) - mean) / variance**0.5


def _alike(n: int, rng: np.random.Generator) -> tuple[RunResult, RunResult]:
    """Two equally good results that differ in 2 % of their n episodes, by 5 of 75 queries."""
    classes, _ = independent_episodes(World(), n, rng)
    hits = np.zeros((2, n, WAY, QUERY), bool)
    hits[:, :, :3] = True
    better = rng.choice(3, n, p=[0.01, 0.01, 0.98])
    for i in range(2):
        hits[i, better == i, 3, :5] = True
    a, b = (as_result(own, classes, World()) for own in hits)
    return a, b


def _stream(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    """Accuracies of n episodes whose mean is STREAM_MEAN."""
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
    """The same for `anytime`: whether the bets on either side have reached their threshold."""
    threshold = np.log(2 / 0.05)
    rich = np.zeros(len(looks), bool)
    for values, mean in ((accuracies, truth), (1 - accuracies, 1 - truth)):
        growth = np.log1p(BETS * (values[:, None] / mean - 1))
        wealth = growth.cumsum(axis=0)[looks - 1]
        rich |= np.logaddexp.reduce(wealth, axis=1) - np.log(BETS.size) >= threshold
    return rich


def _uniform(
    rng: np.random.Generator,
    shape: int | tuple[int, ...],
) -> NDArray[np.float64]:
    """Uniform numbers of mean 0 and standard deviation 1."""
    return rng.uniform(-(3**0.5), 3**0.5, shape)


def _choose(rng: np.random.Generator, n_rows: int, n: int, k: int) -> NDArray[np.int64]:
    """k of range(n) in each row, without replacement."""
    return np.argpartition(rng.random((n_rows, n)), k - 1, axis=1)[:, :k]


def main() -> None:
    """Write the table into the file and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path, help="Markdown file with the markers")
    parser.add_argument(
        "--scale",
        type=float,
        default=1.0,
        help="1 makes 2,000 runs a row",
    )
    arguments = parser.parse_args()
    started = time.process_time()
    table = markdown(simulate(arguments.scale))
    print(f"{table}\n{time.process_time() - started:.0f} s of CPU")
    start, end = MARKERS
    before, rest = arguments.path.read_text(encoding="utf-8").split(start)
    _, after = rest.split(end, maxsplit=1)
    text = f"{before}{start}\n{table}\n{end}{after}"
    arguments.path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
