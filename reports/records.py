"""A result: its protocol, its episodes and its predictions."""

from dataclasses import fields
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass

from fewbench.errors import UserError

from .calibration_table import check_calibration
from .names import ShownName, key_of
from .notebook import episodes_frame, html_table
from .origin import (
    Checks,
    ImagePreparation,
    Pixels,
    Pretraining,
    Segment,
    TrainedOn,
    Weights,
)
from .protocol import STRICT, EvalProtocol
from .result_checks import (
    check_array,
    check_classes,
    check_correct,
    check_predictions,
    check_queries,
)

if TYPE_CHECKING:
    import pandas as pd

SCHEMA_VERSION = 2

Seed = Annotated[int, Field(ge=0, lt=2**64)]
Scalar = str | int | float | bool | None
# "other" is for a user's own function, whose precision is unknown.
Precision = Literal["fp16", "bf16", "fp32", "fp64", "other"]
# Which images were embedded: all of the split, or those of the protocol's episodes alone.
Embedded = Literal["split", "episodes"]
# Whether the images are those of the reference build; "no reference" if none is known, and
# "own" for a dataset that fewbench does not know: a user made it of own images.
DataStanding = Literal["reference", "other", "no reference", "own"]
# The number of bins for the probability of the predicted label.
CONFIDENCE_BINS = 100


class ResultError(UserError):
    """An error in a result that the user can correct. Its text says how."""


@dataclass(frozen=True, kw_only=True, eq=False, config=STRICT)
class ResultHeader:
    """Everything about a result except its arrays.

    learner: the name of the learner in tables; letters of any alphabet are allowed
    recipe: the settings of the training; {} for an untrained learner
    precision: the number format that the learner computes in
    transductive: whether the answers depend on other query images in the episode
    partial: whether the dataset was incomplete
    checkpoint_sha256: None for a learner without a checkpoint
    seconds: the measured times, for instance {"embed": .., "classify": .., "total": ..}
    embedded: whether all images of the split were embedded or only those of the episodes;
        None for a learner that embeds no image
    deterministic: whether the learner gave one episode the same scores twice; None if
        unknown
    preparation: what was done to the stored images for this learner; None if nothing
    segments: the ranges of episodes that different processes answered; () for one process
    pixels, trained_on, pretraining, weights, checks: see the module `origin`; None if
        unknown
    """

    protocol: EvalProtocol
    learner: ShownName
    backbone: str
    train_seed: Seed
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
    embedded: Embedded | None = None
    deterministic: bool | None = None
    pixels: Pixels | None = None
    preparation: ImagePreparation | None = None
    trained_on: TrainedOn | None = None
    pretraining: Pretraining | None = None
    weights: Weights | None = None
    checks: Checks | None = None
    segments: tuple[Segment, ...] = ()

    @property
    def key(self) -> str:
        """The learner's name in file names."""
        return key_of(self.learner)

    @property
    def file_stem(self) -> str:
        """The name of the result's files, without their suffixes."""
        return file_stem(self.protocol.name, self.learner, self.train_seed)

    @property
    def image_changes(self) -> str:
        """What was done to the stored images for this learner; "" if nothing."""
        return "" if self.preparation is None else self.preparation.changes

    def header(self) -> dict[str, Any]:
        """Return the fields of `ResultHeader` by name, without those of subclasses."""
        return {field.name: getattr(self, field.name) for field in fields(ResultHeader)}


@dataclass(frozen=True, kw_only=True, eq=False, repr=False, config=STRICT)
class RunResult(ResultHeader):
    """The result of one learner on one protocol, with all predictions.

    predictions: uint8 (n_episodes, n_way * n_query) predicted label of each query
        image, class by class; the true label of query j is j // n_query
    correct: int32 (n_episodes,) number of right answers in each episode; see
        `count_correct`
    classes: uint16 (n_episodes, n_way) the class with label 0, 1, ..., as an index into
        class_names
    class_names: str (n_classes,) names of all classes in the split
    class_sizes: int32 (n_classes,) number of images in each class of the split
    calibration: float64 (CONFIDENCE_BINS, 3) a row for each bin of the predicted
        label's probability: number of queries, number of right answers, sum of
        probabilities; None if the learner's scores are not probabilities
    queries: uint16 (n_episodes, n_way) number of query images of each class; None if
        each class has n_query
    data_standing: whether the images are those of the reference build of the dataset;
        None if nothing compared them. It is not saved, but found out on loading.
    Raises pydantic.ValidationError (a ValueError) if the arrays do not fit the protocol
    or each other.
    """

    predictions: NDArray[np.uint8]
    correct: NDArray[np.int32]
    classes: NDArray[np.uint16]
    class_names: NDArray[np.str_]
    class_sizes: NDArray[np.int32]
    calibration: NDArray[np.float64] | None = None
    queries: NDArray[np.uint16] | None = None
    data_standing: DataStanding | None = None
    schema_version: ClassVar[int] = SCHEMA_VERSION

    def __post_init__(self) -> None:
        check_predictions(self.predictions, self.correct, self.protocol)
        counted = count_correct(self.predictions, self.protocol.n_way)
        check_correct(self.correct, counted)
        check_classes(
            self.classes,
            self.class_names,
            self.class_sizes,
            self.protocol,
        )
        if self.queries is not None:
            check_queries(self.queries, self.protocol)
        if self.calibration is not None:
            shape = (CONFIDENCE_BINS, 3)
            check_array("calibration", self.calibration, np.float64, shape)
            n_right = int(self.correct.sum(dtype=np.int64))
            check_calibration(self.calibration, self.predictions.size, n_right)

    def __repr__(self) -> str:
        return (
            f"RunResult({self.learner} on {self.protocol.name}: "
            f"{100 * self.mean:.2f} % over {self.protocol.n_episodes:,} episodes)"
        )

    def _repr_html_(self) -> str:
        """Return the result as a small table, for notebooks."""
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
        if self.data_standing == "other":
            facts["data"] += " (not the reference build)"
        if self.transductive:
            facts["learner"] += " (transductive)"
        return facts

    def to_frame(self) -> "pd.DataFrame":
        """Return a row per episode: episode, correct, n_queries, accuracy."""
        return episodes_frame(self.correct, self.protocol.queries_per_episode)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return all arrays that are not None, by name."""
        header = self.header()
        arrays = {}
        for field in fields(RunResult):
            value = getattr(self, field.name)
            if field.name not in header and isinstance(value, np.ndarray):
                arrays[field.name] = value
        return arrays

    @property
    def hits(self) -> NDArray[np.bool_]:
        """Whether each answer is right: bool (n_episodes, n_way, n_query)."""
        protocol = self.protocol
        shape = (protocol.n_episodes, protocol.n_way, protocol.n_query)
        labels = np.arange(protocol.n_way)[:, None]
        return self.predictions.reshape(shape) == labels

    @property
    def accuracies(self) -> NDArray[np.float64]:
        """The fraction of right answers in each episode: float64 (n_episodes,)."""
        return self.correct / self.protocol.queries_per_episode

    @property
    def mean(self) -> float:
        """The mean accuracy of the episodes, which all have equally many queries."""
        n_correct = int(self.correct.sum(dtype=np.int64))
        return n_correct / self.predictions.size


def file_stem(protocol: str, learner: str, train_seed: int) -> str:
    """Return the name of a result's files, without their suffixes."""
    return f"{protocol}__{key_of(learner)}__seed{train_seed}"


def count_correct(predictions: NDArray[np.uint8], n_way: int) -> NDArray[np.int32]:
    """Count the right answers in each episode: int32 (n_episodes,).

    predictions: uint8 (n_episodes, n_way * n_query) predicted labels, class by class
    """
    n_query = predictions.shape[1] // n_way
    true_labels = np.arange(n_way).repeat(n_query)
    return (predictions == true_labels).sum(axis=1, dtype=np.int32)
