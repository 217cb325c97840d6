"""evaluate(model, protocol) -> RunResult: standard episodes for any learner, module or function."""

import time
from collections.abc import Callable
from pathlib import Path

from ..baselines.any_model import FunctionLearner, as_learner
from ..baselines.evaluation.examiner import answer
from ..baselines.evaluation.probe import Probe
from ..baselines.learner import BaselineError, Learner
from ..datasets.root import data_root
from ..reports.records import EvalProtocol, RunResult
from .protocols.catalogue import find_protocol
from .protocols.draw import Drawn, draw, draw_stream, protocol_spec, protocol_view
from .protocols.episode_files import draw_file, read_episodes
from .results import make_result, probe_episode

Progress = Callable[[str, int, int], None]


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

    model: a Learner; a torch module float32 (n, C, H, W) in 0..1 -> (n, d), compared as in
        ProtoNet; or a function (support_images, support_labels, query_images) -> scores, with
        images uint8 (n, H, W, C) and scores (n_query_images, n_way)
    protocol: its name, its card, or the path of an episode file
    name: what tables call it; a module's or function's own name when left out
    root: where the datasets are built; see `data_root`
    probabilities: whether the scores of a function are probabilities; the result then says how
        well they are calibrated
    The result is marked transductive when the learner says so or the probe finds it.
    Raises DataError or BaselineError saying what to do.
    """
    started = time.perf_counter()
    learner = scored_learner(model, name, probabilities)
    return evaluate_drawn(learner, _drawn(protocol, data_root(root)), started, progress)


def evaluate_drawn(
    learner: Learner, drawn: Drawn, started: float, progress: Progress | None = None
) -> RunResult:
    """As `evaluate`, on episodes that were drawn since `started` (of time.perf_counter)."""
    protocol = drawn.protocol
    if protocol.adaptation_steps:
        learner = learner.with_steps(protocol.adaptation_steps)
    sampling = time.perf_counter() - started
    answers = answer(learner, drawn.view, drawn.episodes, protocol.seed, progress)
    return make_result(
        learner, drawn, answers, {"sample": sampling, "started": started}
    )


def scored_learner(
    model: object, name: str | None = None, probabilities: bool = False
) -> Learner:
    """A learner out of anything that can be evaluated. Raises BaselineError for anything else."""
    learner = as_learner(model, name)
    if probabilities:
        if not isinstance(learner, FunctionLearner):
            raise BaselineError(
                f"probabilities=True is for functions that return them; a {type(model).__name__} "
                f"says itself what its scores are. Leave it away."
            )
        learner.scores_are = "probabilities"
    return learner


def probe(
    model: object, protocol: str | EvalProtocol, *, root: Path | None = None
) -> Probe:
    """Whether a model's answer to one query image depends on the others: see Probe.

    Arguments as those of `evaluate`, which does the same and marks what it finds.
    """
    if isinstance(protocol, str):
        protocol = find_protocol(protocol)
    view = protocol_view(protocol, data_root(root))
    return probe_episode(as_learner(model), view, draw_stream(protocol, view, 0, 1))


def _drawn(protocol: str | EvalProtocol | Path, root: Path) -> Drawn:
    if isinstance(protocol, Path):
        return draw_file(read_episodes(protocol), root)
    return draw(
        find_protocol(protocol) if isinstance(protocol, str) else protocol, root
    )


__all__ = ["Progress", "evaluate", "probe", "protocol_spec", "protocol_view"]
