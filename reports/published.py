"""Our results beside published numbers: the difference, and whether it is reproduced."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Literal, NamedTuple

import pandas as pd
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from .groups import queries
from .protocol import Count
from .records import RunResult
from .stats.available import available_interval
from .stats.equivalence import Equivalence, reproduced
from .stats.intervals import Interval

MARGIN = 0.01  # one point: about what two careful reproductions of one method differ by
Percent = Annotated[float, Field(ge=0, le=100)]
Rotations = Literal["none", "classes", "tasks"]
_ROTATIONS_IN_WORDS = {
    "none": "not rotated",
    "classes": "rotations as classes",
    "tasks": "each class of an episode rotated at random",
}
# The class lists of our builds; some papers used others.
_SPLITS = {"omniglot": "vinyals", "miniimagenet": "ravi", "tieredimagenet": "ren"}
_STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class PublishedNumber:
    """An accuracy that somebody published, in percent as printed.

    A field is None where the source does not say.

    learner: which of our learners this method is; "" for none
    reference: whether reproductions are measured against this number, because it is in the
        method's own paper
    rotations: whether rotated test images are classes, or each class of a task is rotated at
        random
    half_width: what the source prints after its ±
    half_width_is: an interval over episodes, or a spread over training seeds, groups of
        episodes or label splits
    recalled: whether it was written down from memory instead of looked up
    """

    id: str
    learner: str = ""
    method: str
    variant: str
    reference: bool
    dataset: str
    split: str
    rotations: Rotations | None = None
    way: Count
    shot: Count
    query: Count | None = None
    n_episodes: Count | None = None
    accuracy: Percent
    half_width: Percent | None = None
    half_width_is: (
        Literal["episodes", "seeds", "groups", "splits", "unstated"] | None
    ) = None
    transductive: bool | None = None
    backbone: str
    source: str
    url: str
    recalled: bool
    notes: str = ""

    @property
    def error(self) -> float | None:
        """The published half-width as a fraction, where it is an interval over episodes."""
        if not self.half_width or self.half_width_is != "episodes":
            return None
        return self.half_width / 100


class Beside(NamedTuple):
    """One of our results and a published number for the same method and kind of episode.

    differs_in: what is not alike, in words
    equivalence: None where our result has no interval
    """

    result: RunResult
    published: PublishedNumber
    interval: Interval | None
    equivalence: Equivalence | None
    differs_in: tuple[str, ...]

    @property
    def difference(self) -> float:
        """Ours minus theirs, as a fraction."""
        return self.result.mean - self.published.accuracy / 100

    @property
    def verdict(self) -> str:
        """Whether the number is reproduced; "undecided" where there is no interval."""
        if self.equivalence is None:
            return "undecided"
        return self.equivalence.verdict


def pairs_beside(
    results: Iterable[RunResult],
    published: Sequence[PublishedNumber],
    margin: float = MARGIN,
) -> list[Beside]:
    """Every result with every published number it can be compared with, references first."""
    known: dict[tuple, list[PublishedNumber]] = defaultdict(list)
    for theirs in sorted(published, key=lambda one: (not one.reference, one.id)):
        key = (theirs.learner, theirs.dataset, theirs.way, theirs.shot)
        known[key].append(theirs)
    pairs: list[Beside] = []
    for result in results:
        others = known.get(_key(result), [])
        if not others or result.protocol.split != "test":
            continue
        interval = available_interval(result)
        for theirs in others:
            pairs.append(_beside(result, interval, theirs, margin))
    return pairs


def beside_published(
    results: Iterable[RunResult],
    published: Sequence[PublishedNumber],
    margin: float = MARGIN,
) -> pd.DataFrame:
    """`pairs_beside` as one row a pair, nothing rounded; accuracies are fractions."""
    return beside_frame(pairs_beside(results, published, margin), margin)


def beside_frame(pairs: Iterable[Beside], margin: float) -> pd.DataFrame:
    """As `beside_published`, for pairs that exist already."""
    return pd.DataFrame([_row(pair, margin) for pair in pairs])


def method_of(result: RunResult) -> str:
    """The method that a result is of.

    It is the learner that the recipe names: another backend, or another name that a user
    gave, makes no other method.
    """
    return str(result.recipe.get("learner") or result.learner)


def _key(result: RunResult) -> tuple:
    protocol = result.protocol
    dataset = protocol.dataset.partition("-")[0]
    return method_of(result), dataset, protocol.n_way, protocol.n_shot


def _beside(
    result: RunResult,
    interval: Interval | None,
    theirs: PublishedNumber,
    margin: float,
) -> Beside:
    equivalence = None
    if interval is not None:
        number = theirs.accuracy / 100
        equivalence = reproduced(
            result,
            number,
            margin,
            published_half_width=theirs.error,
        )
    differs_in = (*_in_protocol(result, theirs), *_in_data(result, theirs))
    return Beside(
        result=result,
        published=theirs,
        interval=interval,
        equivalence=equivalence,
        differs_in=differs_in,
    )


def _in_protocol(result: RunResult, theirs: PublishedNumber) -> Iterator[str]:
    """What differs in how the question was asked."""
    n_query = result.protocol.n_query
    if theirs.query is None:
        yield "queries unstated"
    elif theirs.query != n_query:
        yield f"{queries(theirs.query)} a class, ours {n_query}"
    if theirs.transductive is None:
        yield "transductive or not is unstated"
    elif theirs.transductive and not result.transductive:
        yield "transductive, ours not"
    elif result.transductive and not theirs.transductive:
        yield "inductive, ours transductive"
    family = theirs.backbone.split()[0]
    if not result.backbone.startswith(family):
        yield f"backbone {theirs.backbone}, ours {result.backbone or 'unstated'}"


def _in_data(result: RunResult, theirs: PublishedNumber) -> Iterator[str]:
    """What differs in the classes and images."""
    protocol = result.protocol
    if theirs.split != _SPLITS[theirs.dataset]:
        yield f"split {theirs.split}"
    ours = _rotations(result)
    if theirs.rotations is None:
        yield "rotations unstated"
    elif theirs.rotations != ours:
        words = _ROTATIONS_IN_WORDS[theirs.rotations]
        yield f"{words}, ours {_ROTATIONS_IN_WORDS[ours]}"
    if protocol.sampling != "independent":
        yield f"ours on {protocol.sampling} episodes"
    if result.partial:
        yield "ours on incomplete data"
    if protocol.dataset != theirs.dataset:
        yield f"ours on {protocol.dataset}"


def _rotations(result: RunResult) -> Rotations:
    if result.protocol.task_rotations:
        return "tasks"
    if result.protocol.rotations:
        return "classes"
    return "none"


def _row(pair: Beside, margin: float) -> dict[str, object]:
    result = pair.result
    theirs = pair.published
    interval = pair.interval
    equivalence = pair.equivalence
    their_half_width = None
    if theirs.half_width is not None:
        their_half_width = theirs.half_width / 100
    return {
        "result": result.file_stem,
        "learner": result.learner,
        "train_seed": result.train_seed,
        "protocol": result.protocol.name,
        "ours": result.mean,
        "half_width": interval.half_width if interval else None,
        "kind": interval.kind if interval else None,
        "published": theirs.accuracy / 100,
        "published_half_width": their_half_width,
        "published_half_width_is": theirs.half_width_is,
        "difference": pair.difference,
        "difference_low": equivalence.low if equivalence else None,
        "difference_high": equivalence.high if equivalence else None,
        "margin": margin,
        "verdict": pair.verdict,
        "differs_in": "; ".join(pair.differs_in),
        "reference": theirs.reference,
        "recalled": theirs.recalled,
        "method": theirs.method,
        "variant": theirs.variant,
        "source": theirs.source,
        "url": theirs.url,
        "notes": theirs.notes,
        "published_id": theirs.id,
    }
