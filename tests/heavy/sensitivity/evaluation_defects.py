"""Defects in the evaluation of a trained ProtoNet.

What a result records, such as another seed of the episodes, the guard refuses to compare.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import evaluation_patches as patches
import torch
from changed_streams import (
    from_build,
    from_build_unnoticed,
    leaking,
    mislabelled,
)
from evaluation_patches import Patch, of_images, of_network, scored

from fewbench.baselines.metric.protonet import ProtoNet
from fewbench.benchmark.protocols.stream import EpisodeStream
from fewbench.reports.protocol import EvalProtocol

ChangeProtocol = Callable[[EvalProtocol], EvalProtocol]
ChangeStream = Callable[[EpisodeStream, Path], EpisodeStream]


def _unpatched(learner: ProtoNet) -> AbstractContextManager[object]:
    del learner
    return nullcontext()


def _same_protocol(protocol: EvalProtocol) -> EvalProtocol:
    return protocol


def _same_stream(stream: EpisodeStream, builds: Path) -> EpisodeStream:
    del builds
    return stream


@dataclass(frozen=True)
class EvaluationDefect:
    """A defect.

    words: what it is, for the table
    patched: the learner while it is evaluated
    new_features: whether images must be embedded again for it
    stream: changes the episodes or images; it gets the folder with other builds
    protocol: changes the protocol
    dataset: the only dataset that is evaluated with it; "" for all
    shot: the shot of the protocol
    """

    words: str
    patched: Patch = _unpatched
    new_features: bool = False
    stream: ChangeStream = _same_stream
    protocol: ChangeProtocol = _same_protocol
    dataset: str = ""
    shot: int = 1


def _embedding(words: str, patched: Patch, dataset: str = "") -> EvaluationDefect:
    """Return a defect that changes features."""
    return EvaluationDefect(words, patched, new_features=True, dataset=dataset)


def _images(words: str, stream: ChangeStream, dataset: str = "") -> EvaluationDefect:
    """Return a defect that changes which images are read."""
    return EvaluationDefect(words, new_features=True, stream=stream, dataset=dataset)


# The last two take minutes with images of 84 px.
EVALUATION_DEFECTS = {
    "none": EvaluationDefect("none: evaluated again"),
    "none-5shot": EvaluationDefect("none: evaluated again, 5-shot", shot=5),
    "plain-distance": EvaluationDefect(
        "plain instead of squared distance", scored(patches.plain_distance)
    ),
    "short-formula": EvaluationDefect(
        "none: distances by a shorter formula", scored(patches.short_formula)
    ),
    "float64-scores": EvaluationDefect(
        "none: distances in float64", scored(patches.all_in_float64)
    ),
    "labels-1": EvaluationDefect(
        "labels shifted in 1 % of the episodes", patches.shifted_labels(0.01)
    ),
    "swapped": EvaluationDefect(
        "two classes swapped in the answers", patches.swapped_classes
    ),
    "leak": EvaluationDefect(
        "support images among the queries, unnoticed",
        stream=lambda stream, _: leaking(stream),
    ),
    "peek": EvaluationDefect(
        "query leak: class means moved towards the queries", patches.peeking
    ),
    "fewer-images": EvaluationDefect(
        "class mean of one image fewer, 5-shot", patches.fewer_images, shot=5
    ),
    "rebuilt": _images(
        "none: dataset built again",
        lambda stream, builds: from_build(stream, builds / "rebuilt" / "omniglot"),
        "omniglot",
    ),
    "nearest": _images(
        "resampling filter changed",
        lambda stream, builds: from_build(
            stream, builds / "nearest" / "omniglot-nearest"
        ),
        "omniglot",
    ),
    "nearest-unnoticed": _images(
        "resampling filter changed, unnoticed",
        lambda stream, builds: from_build_unnoticed(
            stream, builds / "nearest" / "omniglot-nearest"
        ),
        "omniglot",
    ),
    "mislabelled": _images(
        "half of one class exchanged with another, unnoticed",
        lambda stream, _: mislabelled(stream),
    ),
    "channels": _embedding("channels swapped", of_images(patches.bgr), "miniimagenet"),
    "zoomed": _embedding(
        "images enlarged to 92 px and cropped",
        of_images(patches.zoomed),
        "miniimagenet",
    ),
    "standardised": _embedding("wrong normalisation", of_images(patches.standardised)),
    "train-mode": _embedding(
        "batch norm in training mode", of_network(patches.training_mode)
    ),
    "batch-size": _embedding(
        "none: images embedded in batches of 8", patches.batches_of_8
    ),
    "inverted": _embedding("images inverted", of_images(patches.inverted)),
    "noise-2": _embedding("noise of 2 % on the last layer", patches.noisy(0.02)),
    "noise-20": _embedding("noise of 20 % on the last layer", patches.noisy(0.2)),
    "no-pool": _embedding(
        "last max-pool dropped", of_network(patches.without_last_pool)
    ),
    "not-folded": _embedding(
        "none: batch norm not folded into weights", of_network(patches.unchanged)
    ),
    "labels-5": EvaluationDefect(
        "labels shifted in 5 % of the episodes", patches.shifted_labels(0.05)
    ),
    "other-shot": EvaluationDefect(
        "episodes of one shot too many",
        protocol=lambda protocol: replace(protocol, n_shot=protocol.n_shot + 1),
    ),
    "other-seed": EvaluationDefect(
        "other episodes: another seed",
        protocol=lambda protocol: replace(protocol, seed=protocol.seed + 1000),
    ),
    "bf16": _embedding("fp32 to bf16, unnoticed", patches.in_bf16, "omniglot"),
    "float64": _embedding(
        "none: network in float64",
        of_network(patches.in_float64, torch.float64),
        "omniglot",
    ),
}
