"""Results: what was evaluated, on which episodes, with which predictions."""

from dataclasses import fields
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, Field, ValidationError
from pydantic.dataclasses import dataclass

from fewbench.errors import UserError

from .notebook import episodes_frame, html_table

if TYPE_CHECKING:
    import pandas as pd

SCHEMA_VERSION = 1

# Names become parts of file names, which "__" separates. So no name may contain it.
NAME_PATTERN = r"^[a-z0-9](_?[a-z0-9.-])*$"
Name = Annotated[str, Field(pattern=NAME_PATTERN, max_length=80)]
Count = Annotated[int, Field(ge=1)]
Scalar = str | int | float | bool | None
# "other": a user's own function does not say how it computes.
Precision = Literal["fp32", "bf16", "other"]
# independent: each episode on its own; disjoint: no image twice; listed: read from a file.
Sampling = Literal["independent", "disjoint", "listed"]
# Formulas of the ±: see `stats.intervals`.
IntervalKind = Literal[
    "episodes-t", "legacy-z", "legacy-z-ddof1", "legacy-z-n1", "open", "anytime"
]
# Bins of the probability that a learner gives to its answer.
CONFIDENCE_BINS = 100

STRICT = ConfigDict(
    extra="forbid",
    strict=True,
    allow_inf_nan=False,
    arbitrary_types_allowed=True,
)


class ResultError(UserError):
    """Something about a result that the user can mend; the text says how."""


@dataclass(frozen=True, config=STRICT)
class EvalProtocol:
    """Which episodes a learner is scored on.

    Counts are per class: an episode has n_way * n_shot support images and n_way * n_query
    query images.

    rotations: whether rotated images are classes of their own
    task_rotations: whether each class of an episode is rotated by a random multiple of 90
        degrees
    transductive: whether the protocol is meant for learners that look at all query images
        together
    adaptation_steps: for a learner that adapts by gradient descent; None means as trained
    Raises pydantic.ValidationError (a ValueError) for values out of bounds; see `explain`.
    """

    name: Name
    dataset: Name
    split: Name
    n_way: Annotated[int, Field(ge=2, le=256)]  # predicted labels are uint8
    n_shot: Count
    n_query: Count
    n_episodes: Count
    seed: Annotated[int, Field(ge=0)]
    rotations: bool = False
    transductive: bool = False
    task_rotations: bool = False
    sampling: Sampling = "independent"
    adaptation_steps: Count | None = None
    interval: IntervalKind = "episodes-t"

    @property
    def queries_per_episode(self) -> int:
        """How many query images an episode has in all."""
        return self.n_way * self.n_query


@dataclass(frozen=True, kw_only=True, eq=False, config=STRICT)
class ResultHeader:
    """Everything about a run except its arrays: where a number comes from.

    partial: whether the data were incomplete
    recipe: {} for an untrained learner
    seconds: what was timed, for instance {"embed": .., "classify": .., "total": ..}
    """

    protocol: EvalProtocol
    learner: Name
    backbone: str
    train_seed: Annotated[int, Field(ge=0)]
    recipe: dict[str, Scalar]
    precision: Precision
    device: str
    transductive: bool
    partial: bool
    data_fingerprint: str
    episodes_fingerprint: str
    checkpoint_sha256: str | None
    environment: dict[str, str]
    seconds: dict[str, Annotated[float, Field(ge=0)]]
    created_utc: str
    command: str

    @property
    def file_stem(self) -> str:
        """The name of the result's files, without their endings."""
        return file_stem(self.protocol.name, self.learner, self.train_seed)

    def header(self) -> dict[str, Any]:
        """The fields of this class by name, without those of a subclass."""
        return {field.name: getattr(self, field.name) for field in fields(ResultHeader)}


@dataclass(frozen=True, kw_only=True, eq=False, repr=False, config=STRICT)
class RunResult(ResultHeader):
    """One learner scored on one protocol.

    predictions: uint8 (n_episodes, n_way * n_query) predicted label of each query image,
        class by class: the true label of query j is j // n_query
    correct: int32 (n_episodes,) number of right answers; see `count_correct`
    classes: uint16 (n_episodes, n_way) which class of the split has label 0, 1, ...
    class_names: str (n_classes,) of all classes of the split
    class_sizes: int32 (n_classes,) images of each class of the split
    calibration: float64 (CONFIDENCE_BINS, 3) queries, right answers and summed
        probability, by the probability of the predicted label; None where scores are not
        probabilities
    Raises pydantic.ValidationError (a ValueError) if the arrays do not fit the protocol or
    each other.
    """

    predictions: NDArray[np.uint8]
    correct: NDArray[np.int32]
    classes: NDArray[np.uint16]
    class_names: NDArray[np.str_]
    class_sizes: NDArray[np.int32]
    calibration: NDArray[np.float64] | None = None
    schema_version: ClassVar[int] = SCHEMA_VERSION

    def __post_init__(self) -> None:
        self._check_predictions()
        self._check_classes()
        if self.calibration is not None:
            _check_calibration(self.calibration)

    def __repr__(self) -> str:
        return (
            f"RunResult({self.learner} on {self.protocol.name}: {100 * self.mean:.2f} % over "
            f"{self.protocol.n_episodes:,} episodes)"
        )

    def _repr_html_(self) -> str:
        """The result as a small table, which notebooks show."""
        return html_table(self._facts())

    def _facts(self) -> dict[str, str]:
        protocol = self.protocol
        queries = f"{protocol.n_query} queries a class"
        shape = f"{protocol.n_way}-way {protocol.n_shot}-shot, {queries}"
        facts = {
            "learner": self.learner,
            "backbone": self.backbone,
            "protocol": protocol.name,
            "episodes": f"{protocol.n_episodes:,}",
            "shape": shape,
            "accuracy": f"{100 * self.mean:.2f} %",
            "data": self.data_fingerprint[:16],
        }
        if self.partial:
            facts["data"] += " (partial)"
        if self.transductive:
            facts["learner"] += " (transductive)"
        return facts

    def to_frame(self) -> "pd.DataFrame":
        """One row an episode: episode, correct, n_queries, accuracy."""
        return episodes_frame(self.correct, self.protocol.queries_per_episode)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays by name, without those that are None."""
        header = self.header()
        arrays = {}
        for field in fields(RunResult):
            value = getattr(self, field.name)
            if field.name not in header and value is not None:
                arrays[field.name] = value
        return arrays

    @property
    def hits(self) -> NDArray[np.bool_]:
        """Which query images were answered rightly: bool (n_episodes, n_way, n_query)."""
        protocol = self.protocol
        shape = (protocol.n_episodes, protocol.n_way, protocol.n_query)
        labels = np.arange(protocol.n_way)[:, None]
        return self.predictions.reshape(shape) == labels

    @property
    def accuracies(self) -> NDArray[np.float64]:
        """Share of right answers in each episode: float64 (n_episodes,) in [0, 1]."""
        return self.correct / self.protocol.queries_per_episode

    @property
    def mean(self) -> float:
        """Share of right answers over all queries: every episode has equally many."""
        n_correct = int(self.correct.sum(dtype=np.int64))
        return n_correct / self.predictions.size

    def _check_predictions(self) -> None:
        protocol = self.protocol
        shape = (protocol.n_episodes, protocol.queries_per_episode)
        _check_array("predictions", self.predictions, np.uint8, shape)
        _check_array("correct", self.correct, np.int32, shape[:1])
        highest = int(self.predictions.max())
        if highest >= protocol.n_way:
            last = protocol.n_way - 1
            raise ValueError(
                f"predictions holds label {highest}, expected labels 0 to {last}"
            )
        counted = count_correct(self.predictions, protocol.n_way)
        if not np.array_equal(self.correct, counted):
            raise ValueError("correct is not the count of right answers in predictions")

    def _check_classes(self) -> None:
        shape = (self.protocol.n_episodes, self.protocol.n_way)
        _check_array("classes", self.classes, np.uint16, shape)
        _check_array("class_sizes", self.class_sizes, np.int32, self.class_names.shape)
        if self.class_names.dtype.kind != "U" or self.class_names.ndim != 1:
            dtype = self.class_names.dtype
            raise ValueError(f"class_names is {dtype}, expected one row of texts")
        highest = self.classes.max()
        last = len(self.class_names) - 1
        if highest > last:
            raise ValueError(f"classes holds {highest}, expected 0 to {last}")


def file_stem(protocol: str, learner: str, train_seed: int) -> str:
    """The name of a result's files, without their endings."""
    return f"{protocol}__{learner}__seed{train_seed}"


def count_correct(predictions: NDArray[np.uint8], n_way: int) -> NDArray[np.int32]:
    """How many queries of each episode were answered rightly: int32 (n_episodes,).

    predictions: uint8 (n_episodes, n_way * n_query) labels, class by class
    """
    n_query = predictions.shape[1] // n_way
    true_labels = np.arange(n_way).repeat(n_query)
    return (predictions == true_labels).sum(axis=1, dtype=np.int32)


def explain(error: ValidationError) -> str:
    """The first complaint of pydantic on one line: where, what was expected, what it got."""
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    what = first["msg"].removeprefix("Value error, ")
    if first["type"] in ("missing", "missing_argument"):
        return f"{where} is missing"
    if not where:
        return what
    return f"{where}: {what} (got {first['input']!r:.60})"


def _check_array(
    name: str,
    array: NDArray[Any],
    dtype: type,
    shape: tuple[int, ...],
) -> None:
    if array.dtype != dtype or array.shape != shape:
        found = f"{array.dtype} {array.shape}"
        raise ValueError(f"{name} is {found}, expected {np.dtype(dtype)} {shape}")


def _check_calibration(calibration: NDArray[np.float64]) -> None:
    _check_array("calibration", calibration, np.float64, (CONFIDENCE_BINS, 3))
    finite = bool(np.isfinite(calibration).all())
    if not finite or calibration.min() < 0:
        raise ValueError("calibration must hold finite counts and sums, none below 0")
