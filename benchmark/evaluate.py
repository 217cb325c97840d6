"""evaluate(model, protocol) -> RunResult, for any learner, torch module or function."""

import time
from pathlib import Path

from fewbench.progress import Progress

from ..baselines.any_model import FunctionLearner, as_learner
from ..baselines.evaluation.examiner import answer
from ..baselines.evaluation.probe import Probe
from ..baselines.learner import BaselineError, Learner
from ..datasets.root import data_root
from ..reports.records import EvalProtocol, RunResult
from .protocols.catalogue import find_protocol
from .protocols.draw import Drawn, draw, draw_stream, protocol_view
from .protocols.episode_images import draw_file
from .protocols.episode_reader import read_episodes
from .results import make_result, probe_episode


def evaluate(
    model: object,
    protocol: str | EvalProtocol | Path,
    *,
    name: str | None = None,
    root: Path | None = None,
    progress: Progress | None = None,
    probabilities: bool = False,
) -> RunResult:
    """Score a model on the episodes of a protocol.

    model: a Learner; a torch module that turns float32 images (n, C, H, W) in 0..1 into
        features (n, d), which are compared as in ProtoNet; or a function
        (support_images, support_labels, query_images) -> scores, with images uint8
        (n, H, W, C) and scores (n_query_images, n_way)
    protocol: its name, an EvalProtocol, or the path of an episode file
    name: what tables call the model; by default the name of its class or function
    root: where the datasets are built; see `data_root`
    probabilities: whether the scores of a function are probabilities; the result then
        says how well they are calibrated
    The result is marked as transductive if the learner says so, or if the probe finds it.
    Raises DataError or BaselineError, whose text says what to do.
    """
    started = time.perf_counter()
    learner = scored_learner(model, name, probabilities)
    drawn = _draw(protocol, data_root(root))
    return evaluate_drawn(learner, drawn, started, progress)


def evaluate_drawn(
    learner: Learner, drawn: Drawn, started: float, progress: Progress | None = None
) -> RunResult:
    """Score a learner on episodes that are drawn already.

    started: when drawing them began, by time.perf_counter
    """
    protocol = drawn.protocol
    if protocol.adaptation_steps:
        learner = learner.with_steps(protocol.adaptation_steps)
    sampling = time.perf_counter() - started
    answers = answer(learner, drawn.view, drawn.episodes, protocol.seed, progress)
    return make_result(learner, drawn, answers, started=started, sampling=sampling)


def scored_learner(
    model: object, name: str | None = None, probabilities: bool = False
) -> Learner:
    """Wrap anything that can be evaluated as a learner.

    Raises BaselineError for anything else.
    """
    learner = as_learner(model, name)
    if not probabilities:
        return learner
    if not isinstance(learner, FunctionLearner):
        raise BaselineError(
            f"probabilities=True: expected a function that returns probabilities, got a "
            f"{type(model).__name__}, which says itself what its scores are. Omit "
            f"probabilities=True."
        )
    learner.scores_are = "probabilities"
    return learner


def probe(
    model: object, protocol: str | EvalProtocol, *, root: Path | None = None
) -> Probe:
    """Measure whether a model's answer to one query image depends on the other ones.

    The arguments are those of `evaluate`, which probes every model too. See `Probe`.
    """
    if isinstance(protocol, str):
        protocol = find_protocol(protocol)
    learner = as_learner(model)
    view = protocol_view(protocol, data_root(root))
    episode = draw_stream(protocol, view, 0, 1)
    return probe_episode(learner, view, episode)


def _draw(protocol: str | EvalProtocol | Path, root: Path) -> Drawn:
    if isinstance(protocol, Path):
        return draw_file(read_episodes(protocol), root)
    if isinstance(protocol, str):
        protocol = find_protocol(protocol)
    return draw(protocol, root)
