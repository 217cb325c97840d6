"""The rows of a protocol's table: what its page, its CSV file and its JSON file all show."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..protocol import EvalProtocol
from ..published import PublishedNumber
from .entries import Board, Entry
from .entry_intervals import entry_interval, spread_between_seeds
from .rank_ranges import RankRanges, rank_ranges
from .ranking import episode_tests
from .scores import Scores
from .seed_ranking import FEWEST_SEEDS, seed_tests

# 1 - the accepted chance that any two equal entries are told apart.
LEVEL = 0.95
# Accuracies are rounded to so many digits, so that a table is the same on every machine.
_DIGITS = 8


@dataclass(frozen=True)
class Rank:
    """The best and the worst rank that an entry may have."""

    best: int
    worst: int

    def __str__(self) -> str:
        if self.best == self.worst:
            return str(self.best)
        return f"{self.best}–{self.worst}"


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of a table. Accuracies are fractions. None means that a value is not known.

    entry: the id of the entry; "" for a published number
    standing: "current", "replaced", "withdrawn" or "reported"
    rank: None if the row is not ranked
    seed_rank: the rank with seeds counted; None with fewer than FEWEST_SEEDS seeds
    half_width_is: the meaning of `half_width`, such as "95 %, episodes-t"
    seed_means: the mean accuracy of each training seed
    seed_sd: the standard deviation between the accuracies of the training seeds
    source, url: where a number was published
    """

    entry: str
    method: str
    standing: str
    rank: Rank | None = None
    seed_rank: Rank | None = None
    mean: float
    half_width: float | None
    half_width_is: str
    n_episodes: int | None
    train_seeds: tuple[int, ...] = ()
    seed_means: tuple[float, ...] = ()
    seed_sd: float | None = None
    trust: str
    transductive: bool | None
    backbone: str
    pretraining: str = ""
    saw_test_classes: str = "unknown"
    parameters: int | None = None
    pixels: str
    date: str = ""
    made_with: str = ""
    replaced_by: str = ""
    source: str = ""
    url: str = ""

    @property
    def value(self) -> str:
        """The mean and its ± in percent, such as "98.41 ± 0.14"."""
        mean = f"{100 * self.mean:.2f}"
        if self.half_width is None:
            return mean
        return f"{mean} ± {100 * self.half_width:.2f}"


@dataclass(frozen=True, kw_only=True)
class ProtocolTable:
    """The table of a protocol.

    rows: the highest mean first; rows of equal means are in the order of their ids
    n_ranked: number of ranked entries
    """

    protocol: EvalProtocol
    rows: tuple[Row, ...]
    n_ranked: int

    @property
    def n_pairs(self) -> int:
        """The number of pairs that Holm's correction counts."""
        return self.n_ranked * (self.n_ranked - 1) // 2


def table_of(board: Board, protocol: EvalProtocol) -> ProtocolTable:
    """Rank the current entries on a protocol, and return the rows of its table.

    Raises ResultError if the entries cannot be ranked together.
    """
    rows: list[Row] = []
    ranked: list[Entry] = []
    for entry in board.on(protocol):
        if _is_ranked(entry):
            ranked.append(entry)
        else:
            rows.append(_entry_row(entry))
    rows += _ranked_rows(ranked, protocol)
    for number in board.reported.get(protocol.name, ()):
        if not number.left_out:
            rows.append(_reported_row(number))
    rows.sort(key=_place)
    return ProtocolTable(protocol=protocol, rows=tuple(rows), n_ranked=len(ranked))


def _is_ranked(entry: Entry) -> bool:
    return entry.standing == "current" and entry.trust != "reported"


def _place(row: Row) -> tuple[float, str, str, str]:
    """Return what the rows are sorted by."""
    return (
        -row.mean,
        row.entry,
        row.method,
        row.source,
    )


def _ranked_rows(entries: Sequence[Entry], protocol: EvalProtocol) -> list[Row]:
    if not entries:
        return []
    correct = [entry.correct for entry in entries]
    scores = Scores.of(correct, protocol.queries_per_episode)
    tests = episode_tests(scores)
    ranges = rank_ranges(tests, LEVEL)
    more_tests = seed_tests(scores, tests)
    seed_ranges = rank_ranges(more_tests, LEVEL)
    rows = []
    for i, entry in enumerate(entries):
        rank = _rank(ranges, i)
        seed_rank = None
        if entry.n_seeds >= FEWEST_SEEDS:
            seed_rank = _rank(seed_ranges, i)
        rows.append(_entry_row(entry, rank, seed_rank))
    return rows


def _rank(ranges: RankRanges, i: int) -> Rank:
    best = int(ranges.best[i])
    worst = int(ranges.worst[i])
    return Rank(best, worst)


def _entry_row(
    entry: Entry,
    rank: Rank | None = None,
    seed_rank: Rank | None = None,
) -> Row:
    method = entry.method
    interval = entry_interval(entry, LEVEL)
    half_width = None
    half_width_is = ""
    if interval is not None:
        half_width = round(interval.half_width, _DIGITS)
        half_width_is = f"{100 * LEVEL:g} %, {interval.kind}"
    sd = spread_between_seeds(entry)
    if sd is not None:
        sd = round(sd, _DIGITS)
    seed_means = entry.seed_means.round(_DIGITS)
    return Row(
        entry=entry.id,
        method=method.name,
        standing=entry.standing,
        rank=rank,
        seed_rank=seed_rank,
        mean=round(entry.mean, _DIGITS),
        half_width=half_width,
        half_width_is=half_width_is,
        n_episodes=entry.correct.shape[1],
        train_seeds=entry.train_seeds,
        seed_means=tuple(seed_means.tolist()),
        seed_sd=sd,
        trust=entry.trust,
        transductive=entry.transductive,
        backbone=method.backbone,
        pretraining=method.pretraining,
        saw_test_classes=method.saw_test_classes,
        parameters=method.parameters,
        pixels=entry.pixels,
        date=entry.date,
        made_with=entry.made_with,
        replaced_by=entry.replaced_by,
    )


def _reported_row(number: PublishedNumber) -> Row:
    half_width = None
    half_width_is = ""
    if number.half_width is not None:
        half_width = round(number.half_width / 100, _DIGITS)
        half_width_is = f"as printed: {number.half_width_is or 'unstated'}"
    method = number.method
    if number.variant:
        method = f"{method} ({number.variant})"
    return Row(
        entry="",
        method=method,
        standing="reported",
        mean=round(number.accuracy / 100, _DIGITS),
        half_width=half_width,
        half_width_is=half_width_is,
        n_episodes=number.n_episodes,
        trust="reported",
        transductive=number.transductive,
        backbone=number.backbone,
        pixels=number.pixels,
        source=number.named_source,
        url=number.url,
    )
