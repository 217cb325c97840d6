"""Our results beside published numbers: the difference, and whether it is reproduced."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Literal, NamedTuple

import pandas as pd
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from .groups import queries
from .records import Count, ResultError, RunResult
from .stats.equivalence import Equivalence, reproduced
from .stats.intervals import Interval, result_interval

MARGIN = 0.01  # one point: about what two careful reproductions of one method differ by
Percent = Annotated[float, Field(ge=0, le=100)]
Rotations = Literal["none", "classes", "tasks"]
_TURNED = {
    "none": "test classes not rotated",
    "classes": "rotations as classes",
    "tasks": "each class of an episode turned at random",
}
# The classes that our builds hold; papers also drew others.
_SPLITS = {"omniglot": "vinyals", "miniimagenet": "ravi", "tieredimagenet": "ren"}


@dataclass(
    frozen=True, kw_only=True, config=ConfigDict(extra="forbid", allow_inf_nan=False)
)
class Published:
    """An accuracy that somebody published, in percent as printed. None: the source does not say.

    learner: which of our learners is this method; "" for none
    reference: whether reproductions are measured against this number, as the method's own paper's
    rotations: whether turned test images are classes, or each class of a task is turned at random
    half_width: what the source prints after its ±; half_width_is: an interval over episodes, or a
        spread over training seeds, groups of episodes or label splits
    recalled: written down from memory, not looked up
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
        is_interval = self.half_width_is == "episodes"
        return self.half_width / 100 if self.half_width and is_interval else None


class Beside(NamedTuple):
    """One of our results and a published number for the same method, dataset, way and shot.
    `differs_in` names what is not alike; `equivalence` is None where there is no interval."""

    result: RunResult
    published: Published
    interval: Interval | None
    equivalence: Equivalence | None
    differs_in: tuple[str, ...]

    @property
    def difference(self) -> float:
        """Ours minus theirs, as a fraction."""
        return self.result.mean - self.published.accuracy / 100

    @property
    def verdict(self) -> str:
        return self.equivalence.verdict if self.equivalence else "undecided"


def pairs_beside(
    results: Iterable[RunResult], published: Sequence[Published], margin: float = MARGIN
) -> list[Beside]:
    """Every result with every published number that it can be laid beside: references first."""
    known: dict[tuple, list[Published]] = defaultdict(list)
    for theirs in sorted(published, key=lambda one: (not one.reference, one.id)):
        known[theirs.learner, theirs.dataset, theirs.way, theirs.shot].append(theirs)
    pairs: list[Beside] = []
    for result in results:
        others = (
            known.get(_asked(result), []) if result.protocol.split == "test" else []
        )
        interval = _interval(result) if others else None
        pairs += [_beside(result, interval, theirs, margin) for theirs in others]
    return pairs


def beside_published(
    results: Iterable[RunResult], published: Sequence[Published], margin: float = MARGIN
) -> pd.DataFrame:
    """`pairs_beside` as one row a pair, nothing rounded; ours, theirs and margin are fractions."""
    return beside_frame(pairs_beside(results, published, margin), margin)


def beside_frame(pairs: Iterable[Beside], margin: float) -> pd.DataFrame:
    """The same of pairs that are laid out already."""
    return pd.DataFrame([_row(pair, margin) for pair in pairs])


def method_of(result: RunResult) -> str:
    """The learner that the recipe names: a backend or a user's name for it is no other method."""
    return str(result.recipe.get("learner") or result.learner)


def _asked(result: RunResult) -> tuple:
    protocol = result.protocol
    dataset = protocol.dataset.partition("-")[0]
    return method_of(result), dataset, protocol.n_way, protocol.n_shot


def _interval(result: RunResult) -> Interval | None:
    try:
        return result_interval(result)
    except ResultError:
        return None


def _beside(
    result: RunResult, interval: Interval | None, theirs: Published, margin: float
) -> Beside:
    equivalence = None
    if interval is not None:
        equivalence = reproduced(
            result, theirs.accuracy / 100, margin, published_half_width=theirs.error
        )
    return Beside(
        result, theirs, interval, equivalence, tuple(_differences(result, theirs))
    )


def _differences(result: RunResult, theirs: Published) -> Iterator[str]:
    """What a reader must know before believing the verdict."""
    protocol = result.protocol
    if theirs.query is None:
        yield "queries unstated"
    elif theirs.query != protocol.n_query:
        yield f"{queries(theirs.query)} a class, ours {protocol.n_query}"
    if theirs.transductive is None:
        yield "transductive or not is unstated"
    elif theirs.transductive != result.transductive:
        yield (
            "transductive, ours not"
            if theirs.transductive
            else "inductive, ours transductive"
        )
    if not result.backbone.startswith(theirs.backbone.split()[0]):
        yield f"backbone {theirs.backbone}, ours {result.backbone or 'unstated'}"
    if theirs.split != _SPLITS[theirs.dataset]:
        yield f"split {theirs.split}"
    if theirs.rotations is None:
        yield "rotations unstated"
    elif theirs.rotations != (ours := _rotations(result)):
        yield f"{_TURNED[theirs.rotations]}, ours {_TURNED[ours].removeprefix('test classes ')}"
    if protocol.sampling != "independent":
        yield f"ours on {protocol.sampling} episodes"
    if result.partial:
        yield "ours on incomplete data"
    if protocol.dataset != theirs.dataset:
        yield f"ours on {protocol.dataset}"


def _rotations(result: RunResult) -> Rotations:
    if result.protocol.task_rotations:
        return "tasks"
    return "classes" if result.protocol.rotations else "none"


def _row(pair: Beside, margin: float) -> dict[str, object]:
    result, theirs, interval = pair.result, pair.published, pair.interval
    return {
        "result": result.file_stem,
        "learner": result.learner,
        "train_seed": result.train_seed,
        "protocol": result.protocol.name,
        "ours": result.mean,
        "half_width": interval.half_width if interval else None,
        "kind": interval.kind if interval else None,
        "published": theirs.accuracy / 100,
        "published_half_width": None
        if theirs.half_width is None
        else theirs.half_width / 100,
        "published_half_width_is": theirs.half_width_is,
        "difference": pair.difference,
        "difference_low": pair.equivalence.low if pair.equivalence else None,
        "difference_high": pair.equivalence.high if pair.equivalence else None,
        "margin": margin,
        "verdict": pair.verdict,
        "differs_in": "; ".join(pair.differs_in),
        "reference": theirs.reference,
        "recalled": theirs.recalled,
        **{
            name: getattr(theirs, name)
            for name in ("method", "variant", "source", "url", "notes")
        },
        "published_id": theirs.id,
    }
