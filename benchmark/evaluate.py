"""evaluate(model, protocol) -> RunResult: standard episodes for any learner, module or function."""

import shlex
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from ..baselines.harness import answer
from ..baselines.learner import Learner, LearnerCard, as_learner
from ..baselines.probe import Probe
from ..baselines.probe import probe as probe_learner
from ..datasets import BUILDERS
from ..datasets.build import data_root, open_split
from ..datasets.episodes import EpisodeBatch, EpisodeSpec, episodes_fingerprint, sample_episodes
from ..datasets.names import pick
from ..datasets.view import ImageView
from ..reports.records import EvalProtocol, RunResult, count_correct
from .environment import environment
from .protocols import find_protocol

Progress = Callable[[str, int, int], None]


def evaluate(
    model: object,
    protocol: str | EvalProtocol,
    *,
    name: str | None = None,
    root: Path | None = None,
    progress: Progress | None = None,
) -> RunResult:
    """Score a model on the episodes of a protocol.

    model: a Learner; a torch module float32 (n, C, H, W) in 0..1 -> (n, d), compared as in
        ProtoNet; or a function (support_images, support_labels, query_images) -> scores, with
        images uint8 (n, H, W, C) and scores (n_query_images, n_way)
    name: what tables call it; a module's or function's own name when left out
    root: where the datasets are built; see `data_root`
    The result is marked transductive when the learner says so or the probe finds it.
    Raises DataError or BaselineError saying what to do.
    """
    started = time.perf_counter()
    learner = as_learner(model, name)
    if isinstance(protocol, str):
        protocol = find_protocol(protocol)
    view = protocol_view(protocol, data_root(root))
    spec = protocol_spec(protocol)
    episodes = sample_episodes(view.class_offsets, spec, protocol.seed, 0, protocol.n_episodes)
    sampled = time.perf_counter()
    answers = answer(learner, view, episodes, protocol.seed, progress)
    answered = time.perf_counter()
    found = probe_episode(learner, view, episodes)
    seconds = {"sample": sampled - started, **answers.seconds}
    seconds["probe"] = time.perf_counter() - answered
    seconds["total"] = time.perf_counter() - started
    return RunResult(
        protocol=protocol,
        **_from_card(learner.card),
        transductive=learner.transductive or found.transductive,
        partial=view.partial,
        data_fingerprint=view.fingerprint,
        episodes_fingerprint=episodes_fingerprint(episodes, spec),
        **_circumstances(),
        seconds=seconds,
        predictions=answers.predictions,
        correct=count_correct(answers.predictions, protocol.n_way),
        classes=episodes.classes.astype(np.uint16),
        class_names=np.array(view.class_names),
        class_sizes=np.diff(view.class_offsets).astype(np.int32),
    )


def probe(model: object, protocol: str | EvalProtocol, *, root: Path | None = None) -> Probe:
    """Whether a model's answer to one query image depends on the others: see Probe.

    Arguments as those of `evaluate`, which does the same and marks what it finds.
    """
    if isinstance(protocol, str):
        protocol = find_protocol(protocol)
    view, spec = protocol_view(protocol, data_root(root)), protocol_spec(protocol)
    episodes = sample_episodes(view.class_offsets, spec, protocol.seed, 0, 1)
    return probe_episode(as_learner(model), view, episodes)


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


def protocol_spec(protocol: EvalProtocol) -> EpisodeSpec:
    """The shape of the protocol's episodes."""
    return EpisodeSpec(protocol.n_way, protocol.n_shot, protocol.n_query)


def protocol_view(protocol: EvalProtocol, root: Path) -> ImageView:
    """The classes and images that the protocol draws from. Raises DataError when not built."""
    info = pick("dataset", protocol.dataset, BUILDERS)
    return ImageView([open_split(info, root, protocol.split)], rotations=protocol.rotations)


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
