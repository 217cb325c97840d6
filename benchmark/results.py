"""Make the result of an evaluation (RunResult) from the answers of a learner."""

import shlex
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter, ValidationError

from fewbench.documents import explain

from ..baselines.evaluation.answers import Answers
from ..baselines.evaluation.probe import Probe
from ..baselines.evaluation.probe import probe as probe_learner
from ..baselines.learner import BaselineError, Learner, LearnerCard
from ..datasets.episodes import EpisodeBatch
from ..datasets.view import ImageView
from ..reports.names import ShownName
from ..reports.origin import Pixels, Pretraining, TrainedOn, Weights
from ..reports.records import Precision, RunResult, Seed, count_correct
from .environment import environment
from .protocols.stream import EpisodeStream
from .verification.data_checks import data_standing


def make_result(
    learner: Learner,
    stream: EpisodeStream,
    answers: Answers,
    started: float,
) -> RunResult:
    """Make the result from a learner's answers, and probe the learner for it.

    The probe measures whether answers depend on the other query images.

    stream: the episodes that were answered
    answers: the learner's answers to these episodes
    started: the value of time.perf_counter when the evaluation began
    """
    probing = time.perf_counter()
    episodes = stream.episodes
    found = probe_episode(learner, stream.view, episodes)
    finished = time.perf_counter()
    seconds = {
        **answers.seconds,
        "probe": finished - probing,
        "total": finished - started,
    }
    protocol = stream.protocol
    view = stream.view
    return RunResult(
        protocol=protocol,
        **_facts_of_learner(learner.card),
        transductive=learner.transductive or found.transductive,
        embedded=answers.embedded,
        deterministic=found.deterministic,
        pixels=_pixels(view),
        partial=view.partial,
        data_fingerprint=view.fingerprint,
        episodes_fingerprint=stream.fingerprint,
        **_circumstances(),
        seconds=seconds,
        predictions=answers.predictions,
        correct=count_correct(answers.predictions, protocol.n_way),
        classes=episodes.classes.astype(np.uint16),
        class_names=np.array(view.class_names),
        class_sizes=np.diff(view.class_offsets).astype(np.int32),
        calibration=answers.calibration,
        data_standing=data_standing(protocol, view.fingerprint),
    )


def check_card(card: LearnerCard) -> None:
    """Check what a result would refuse to record about a learner, before it is evaluated.

    Raises BaselineError if the name, the training seed or the precision is not allowed.
    """
    checks = {"name": ShownName, "train_seed": Seed, "precision": Precision}
    for field, kind in checks.items():
        try:
            TypeAdapter(kind).validate_python(getattr(card, field), strict=True)
        except ValidationError as error:
            raise BaselineError(
                f"the learner's {field}: {explain(error)}. Choose another {field}"
            ) from None


def probe_episode(learner: Learner, view: ImageView, episodes: EpisodeBatch) -> Probe:
    """Measure on the first of these episodes whether answers depend on other queries.

    See `Probe`.
    """
    n_way, n_shot = episodes.support.shape[1:]
    support = episodes.support[0].reshape(-1)
    query = episodes.query[0].reshape(-1)
    labels = np.arange(n_way).repeat(n_shot)
    return probe_learner(learner, view.images(support), labels, view.images(query))


def _facts_of_learner(card: LearnerCard) -> dict[str, Any]:
    return {
        "learner": card.name,
        "backbone": card.backbone,
        "precision": card.precision,
        "device": card.device,
        "train_seed": card.train_seed,
        "recipe": card.recipe,
        "checkpoint_sha256": card.checkpoint_sha256,
        **_origin(card),
    }


def _origin(card: LearnerCard) -> dict[str, Any]:
    """Return what is known about the learner's weights and training data."""
    facts: dict[str, Any] = {}
    if card.from_scratch:
        facts["pretraining"] = Pretraining("none", saw_test_classes=False)
    if card.trained_on:
        data = card.trained_on
        facts["trained_on"] = TrainedOn(data.dataset, data.splits, data.fingerprints)
    if card.weights_sha256:
        facts["weights"] = Weights("trained by fewbench", card.weights_sha256)
    return facts


def _pixels(view: ImageView) -> Pixels:
    height, width, channels = view.image_shape
    resampling = str(view.stores[0].attributes["resampling"])
    return Pixels(height, width, channels, resampling)


def _circumstances() -> dict[str, Any]:
    """Return the environment, the time and the command of this evaluation."""
    program = Path(sys.argv[0]).name
    return {
        "environment": environment(),
        "created_utc": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": shlex.join([program, *sys.argv[1:]]),
    }
