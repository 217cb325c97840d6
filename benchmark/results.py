"""TODO docstring of fewbench.benchmark.results."""

import shlex
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from ..baselines.evaluation.examiner import Answers
from ..baselines.evaluation.probe import Probe
from ..baselines.evaluation.probe import probe as probe_learner
from ..baselines.learner import Learner, LearnerCard
from ..datasets.episodes import EpisodeBatch
from ..datasets.view import ImageView
from ..reports.records import RunResult, count_correct
from .environment import environment
from .protocols.draw import Drawn


def make_result(
    learner: Learner, drawn: Drawn, answers: Answers, times: dict[str, float]
) -> RunResult:
    """The result of a learner's answers to the episodes; times: what was measured before."""
    probing = time.perf_counter()
    found = probe_episode(learner, drawn.view, drawn.episodes)
    finished = time.perf_counter()
    seconds = {
        "sample": times["sample"],
        **answers.seconds,
        "probe": finished - probing,
    }
    seconds["total"] = finished - times["started"]
    protocol, view = drawn.protocol, drawn.view
    return RunResult(
        protocol=protocol,
        **_from_card(learner.card),
        transductive=learner.transductive or found.transductive,
        partial=view.partial,
        data_fingerprint=view.fingerprint,
        episodes_fingerprint=drawn.fingerprint,
        **_circumstances(),
        seconds=seconds,
        predictions=answers.predictions,
        correct=count_correct(answers.predictions, protocol.n_way),
        classes=drawn.episodes.classes.astype(np.uint16),
        class_names=np.array(view.class_names),
        class_sizes=np.diff(view.class_offsets).astype(np.int32),
        calibration=answers.calibration,
    )


def probe_episode(learner: Learner, view: ImageView, episodes: EpisodeBatch) -> Probe:
    """Probe the learner on the first of the episodes."""
    n_way, n_shot = episodes.support.shape[1:]
    return probe_learner(
        learner,
        view.images(episodes.support[0].reshape(-1)),
        np.arange(n_way).repeat(n_shot),
        view.images(episodes.query[0].reshape(-1)),
    )


def _circumstances() -> dict:
    return {
        "environment": environment(),
        "created_utc": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
    }


def _from_card(card: LearnerCard) -> dict:
    return {
        "learner": card.name,
        "backbone": card.backbone,
        "precision": card.precision,
        "device": card.device,
        "train_seed": card.train_seed,
        "recipe": card.recipe,
        "checkpoint_sha256": card.checkpoint_sha256,
    }
