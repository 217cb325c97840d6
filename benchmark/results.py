"""Make the result of an evaluation (RunResult) from the answers of a learner."""

import shlex
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ConfigDict, TypeAdapter, ValidationError

from fewbench.documents import explain

from ..baselines.evaluation.answers import Answers
from ..baselines.evaluation.ask_again import Answered, ask_again
from ..baselines.evaluation.features import Features, refuse_changes
from ..baselines.evaluation.findings import Findings
from ..baselines.learner import BaselineError, Learner, LearnerCard
from ..reports.names import ShownName
from ..reports.origin import Checks, Pretraining, TrainedOn, Weights
from ..reports.records import (
    Precision,
    RunResult,
    Scalar,
    Seed,
    count_correct,
)
from .environment import recorded_environment
from .preparing import pixels_of, preparation_record
from .protocols.stream import EpisodeStream
from .verification.data_checks import data_standing

# Fields of a learner's card that a user can set to something that is not allowed.
_KINDS: dict[str, TypeAdapter[Any]] = {
    "name": TypeAdapter(ShownName),
    "train_seed": TypeAdapter(Seed),
    "recipe": TypeAdapter(dict[str, Scalar], config=ConfigDict(allow_inf_nan=False)),
    "precision": TypeAdapter(Precision),
}


def make_result(
    learner: Learner,
    stream: EpisodeStream,
    answers: Answers,
    started: float,
    features: Features | None = None,
) -> RunResult:
    """Make the result from a learner's answers, and ask the learner again for it.

    This finds out whether answers depend on the other query images, on the order of the
    episodes, or on chance; see `ask_again`.

    stream: the episodes that were answered
    answers: the learner's answers to these episodes
    started: the value of time.perf_counter when the evaluation began
    features: the features that the answers come from; None to embed some images again
    Raises BaselineError if they are stored in a file that has changed since it was opened.
    """
    probing = time.perf_counter()
    episodes = stream.episodes
    seed = stream.protocol.seed
    answered = Answered(stream.view, seed, episodes, answers, features)
    found = ask_again(learner, answered)
    refuse_changes(features)
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
        checks=_checks(found),
        pixels=pixels_of(view),
        preparation=preparation_record(learner, view),
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
    """Check, before the evaluation, that a result can record this learner.

    Raises BaselineError if the name, the training seed, the recipe or the precision is
    not allowed.
    """
    for field, kind in _KINDS.items():
        try:
            kind.validate_python(getattr(card, field), strict=True)
        except ValidationError as error:
            raise BaselineError(
                f"the learner's {field}: {explain(error)}. Choose another {field}"
            ) from None


def _checks(found: Findings) -> Checks:
    return Checks(
        order=found.order,
        state=found.state,
        determinism=found.deterministic,
        distinct=found.distinct,
    )


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
        facts["weights"] = Weights(_origin_of_weights(card), card.weights_sha256)
    return facts


def _origin_of_weights(card: LearnerCard) -> str:
    file = card.weights_file
    if file is None:
        return "trained by fewbench"
    return f"the file {file.name:.200}, matched by {file.matched_by}"


def _circumstances() -> dict[str, Any]:
    """Return the environment, the time and the command of this evaluation."""
    program = Path(sys.argv[0]).name
    return {
        "environment": recorded_environment(),
        "created_utc": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": shlex.join([program, *sys.argv[1:]]),
    }
