"""Which results may stand in one column: those scored on the same episodes of the same images."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace

from .records import EvalProtocol, RunResult

# The rest of a card says how a learner is run or shown, not which questions it was asked.
_NOT_EPISODES = {"name", "transductive", "adaptation_steps", "interval"}
EPISODE_FIELDS = [f.name for f in fields(EvalProtocol) if f.name not in _NOT_EPISODES]


@dataclass(frozen=True, eq=False)
class Card:
    """The results of one protocol card. `number` is 0 when every result under this protocol's
    name has this card, else 1, 2, ...: the same name on different episodes is not the same test.
    `left_out` counts results that a plot has no room for."""

    protocol: EvalProtocol
    data_fingerprint: str
    episodes_fingerprint: str
    number: int
    results: tuple[RunResult, ...]
    left_out: int = 0

    @property
    def label(self) -> str:
        return (
            f"{self.protocol.name} (card {self.number})"
            if self.number
            else self.protocol.name
        )

    @property
    def file_name(self) -> str:
        return (
            f"{self.protocol.name}__{self.number}"
            if self.number
            else self.protocol.name
        )

    def most_accurate(self, limit: int) -> "Card":
        """This card with at most `limit` results, those of the highest means, best first."""
        best = sorted(self.results, key=lambda result: -result.mean)[:limit]
        return replace(
            self, results=tuple(best), left_out=len(self.results) - len(best)
        )

    def __str__(self) -> str:
        card = self.protocol
        extras = ", rotations as classes" * card.rotations
        extras += ", each class of an episode turned at random" * card.task_rotations
        extras += f", {card.sampling} episodes" * (card.sampling != "independent")
        if card.adaptation_steps:
            extras += f", {card.adaptation_steps} adaptation steps"
        extras += ", transductive learners allowed" * card.transductive
        return (
            f"{self.label}: {card.n_way}-way {card.n_shot}-shot, {queries(card.n_query)} a class, "
            f"n = {card.n_episodes:,} episode{'s' * (card.n_episodes > 1)} of the {card.dataset} "
            f"{card.split} split, seed {card.seed}{extras}"
        )


def queries(count: int) -> str:
    """ "1 query" or "15 queries"."""
    return "1 query" if count == 1 else f"{count} queries"


def result_cards(results: Iterable[RunResult]) -> list[Card]:
    """Group results by what they were scored on: sorted by dataset, way, shot and name, whatever
    the order of `results`; within a card sorted by learner, backbone, precision and seed."""
    names: dict[str, dict[tuple, list[RunResult]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for result in sorted(results, key=_result_order):
        names[result.protocol.name][_card_key(result)].append(result)
    cards = [card for groups in names.values() for card in _number(groups)]
    return sorted(cards, key=_card_order)


def conflicts(cards: Sequence[Card]) -> dict[str, str]:
    """By protocol name, a sentence where its results were not scored on the same episodes."""
    names: dict[str, list[Card]] = defaultdict(list)
    for card in cards:
        names[card.protocol.name].append(card)
    return {name: _conflict(same) for name, same in names.items() if len(same) > 1}


def _number(groups: dict[tuple, list[RunResult]]) -> list[Card]:
    largest_first = sorted(
        groups.items(), key=lambda item: (-len(item[1]), repr(item[0]))
    )
    return [
        Card(
            protocol=group[0].protocol,
            data_fingerprint=group[0].data_fingerprint,
            episodes_fingerprint=group[0].episodes_fingerprint,
            number=position if len(groups) > 1 else 0,
            results=tuple(group),
        )
        for position, (_, group) in enumerate(largest_first, start=1)
    ]


def _card_key(result: RunResult) -> tuple:
    return (
        *vars(result.protocol).values(),
        result.data_fingerprint,
        result.episodes_fingerprint,
    )


def _card_order(card: Card) -> tuple:
    protocol = card.protocol
    return (
        protocol.dataset,
        protocol.n_way,
        protocol.n_shot,
        protocol.name,
        card.number,
    )


def _result_order(result: RunResult) -> tuple:
    # The last three only settle the order of results that otherwise look alike.
    return (
        *(result.learner, result.backbone, result.precision, result.train_seed),
        *(result.checkpoint_sha256 or "", result.created_utc, result.correct.tobytes()),
    )


def _conflict(cards: list[Card]) -> str:
    names = [field.name for field in fields(EvalProtocol)]
    columns = {
        name: [str(getattr(card.protocol, name)) for card in cards] for name in names
    }
    columns["data_fingerprint"] = [card.data_fingerprint for card in cards]
    columns["episodes_fingerprint"] = [card.episodes_fingerprint for card in cards]
    differ = {name: column for name, column in columns.items() if len(set(column)) > 1}
    what = "a name but not their episodes"
    if not differ.keys() - _NOT_EPISODES:
        what = "their name and episodes but not how they are answered or shown"
    return (
        f"{cards[0].protocol.name}: cards 1 to {len(cards)} share {what}, so they must not be "
        f"read as one column: {'; '.join(f'{k} {_listed(v)}' for k, v in differ.items())}"
    )


def _listed(values: list[str]) -> str:
    shown = [value if len(value) <= 16 else f"{value[:16]}…" for value in values[:4]]
    return " | ".join([*shown, "…"] if len(values) > 4 else shown)
