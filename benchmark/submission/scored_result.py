"""The numbers of one result in a bundle, computed from its predictions."""

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass

from ...reports.origin import RECORD
from ...reports.pixels import pixels_text
from ...reports.protocol import EvalProtocol
from ...reports.records import RunResult
from ...reports.stats.available import available_interval
from .one_result import SubmittedResult
from .rerun_record import Share

# Whole numbers with a space between them. A list of 10,000 would be slow to read as JSON.
Counts = Annotated[str, Field(pattern=r"^\d{1,12}( \d{1,12})*$")]


@dataclass(frozen=True, kw_only=True, config=RECORD)
class FoundInterval:
    """The interval of an accuracy: its limits, the formula and the level."""

    low: float
    high: float
    kind: str
    level: Share


@dataclass(frozen=True, kw_only=True, config=RECORD)
class ByClass:
    """The answers for each class of the test split.

    hits: the number of right answers for each class
    queries: the number of query images of each class
    """

    hits: Counts
    queries: Counts


@dataclass(frozen=True, kw_only=True, config=RECORD)
class ScoredResult:
    """The numbers of one result, computed from its predictions.

    file: the name of its document in the bundle
    made_with: the version of fewbench that evaluated it; "" if another program did
    pixels: what is known about the images; "" if nothing is
    date: the day of the evaluation, in UTC
    correct: the number of right answers in each episode
    """

    file: str
    made_with: str
    learner: str
    backbone: str
    precision: str
    train_seed: Annotated[int, Field(ge=0)]
    protocol: EvalProtocol
    transductive: bool
    pixels: str
    date: str
    data_fingerprint: str
    episodes_fingerprint: str
    predictions_sha256: str
    checkpoint_sha256: str | None
    mean: Share
    interval: FoundInterval | None
    correct: Counts
    classes: ByClass


def counts_text(counts: NDArray[np.integer[Any]]) -> str:
    """Return whole numbers as text. `read_counts` reads it.

    counts: int (n,)
    """
    return " ".join(map(str, counts.tolist()))


def read_counts(text: str) -> NDArray[np.int64]:
    """Return the whole numbers of a text: int64 (n,)."""
    return np.array(text.split(" "), np.int64)


def scored(submitted: SubmittedResult) -> ScoredResult:
    """Compute the numbers of a result in a bundle."""
    result = submitted.result
    return ScoredResult(
        file=submitted.name,
        made_with=result.environment.get("fewbench", ""),
        learner=result.learner,
        backbone=result.backbone,
        precision=result.precision,
        train_seed=result.train_seed,
        protocol=result.protocol,
        transductive=result.transductive,
        pixels=pixels_text(result.pixels),
        date=result.created_utc[:10],
        data_fingerprint=result.data_fingerprint,
        episodes_fingerprint=result.episodes_fingerprint,
        predictions_sha256=submitted.predictions_sha256,
        checkpoint_sha256=result.checkpoint_sha256,
        mean=result.mean,
        interval=_interval(result),
        correct=counts_text(result.correct),
        classes=_by_class(result),
    )


def _interval(result: RunResult) -> FoundInterval | None:
    found = available_interval(result)
    if found is None:
        return None
    return FoundInterval(
        low=found.low, high=found.high, kind=found.kind, level=found.level
    )


def _by_class(result: RunResult) -> ByClass:
    n_classes = len(result.class_names)
    per_class = result.hits.sum(axis=2)
    hits = np.bincount(result.classes.ravel(), per_class.ravel(), n_classes)
    used = np.bincount(result.classes.ravel(), minlength=n_classes)
    queries = used * result.protocol.n_query
    return ByClass(
        hits=counts_text(hits.astype(np.int64)),
        queries=counts_text(queries),
    )
