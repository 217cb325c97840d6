"""evaluate(model, episodes) -> RunResult, for any learner, torch module or function."""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from fewbench.progress import Progress

from ..baselines.any_model import FunctionLearner, as_learner
from ..baselines.evaluation.answers import Answers
from ..baselines.evaluation.examiner import Examiner
from ..baselines.evaluation.features import Features
from ..baselines.evaluation.probe import Probe
from ..baselines.learner import BaselineError, Learner
from ..datasets.episodes import EpisodeBatch
from ..datasets.root import data_root
from ..reports.protocol import EvalProtocol
from ..reports.records import RunResult, count_correct
from .protocols.catalogue import find_protocol
from .protocols.episode_images import stream_of_file
from .protocols.episode_reader import read_episodes
from .protocols.stream import EpisodeStream, open_stream
from .results import make_result, probe_episode
from .stopping import StopRule, growing_ranges

# What can be evaluated on: a protocol or its name, an episode file, or open episodes.
Episodes = str | EvalProtocol | Path | EpisodeStream


def evaluate(
    model: object,
    episodes: Episodes,
    *,
    stop: StopRule | None = None,
    name: str | None = None,
    root: Path | None = None,
    progress: Progress | None = None,
    probabilities: bool = False,
) -> RunResult:
    """Score a model on episodes.

    model: a Learner; a torch module that turns float32 images (n, C, H, W) in 0..1 into
        features (n, d), which are compared as in ProtoNet; or a function
        (support_images, support_labels, query_images) -> scores, with images uint8
        (n, H, W, C) and scores (n_query_images, n_way)
    episodes: a protocol, its name, the path of an episode file, or an open stream
    stop: when to stop before the last episode; this shows in the name of the protocol
    name: what tables call the model; by default the name of its class or function
    root: where the datasets are built; see `data_root`
    probabilities: whether the scores of a function are probabilities; the result then
        says how well they are calibrated
    The result is marked as transductive if the learner says so, or if the probe finds it.
    Raises DataError or BaselineError, whose text says what to do.
    """
    started = time.perf_counter()
    learner = scored_learner(model, name, probabilities)
    stream = find_episodes(episodes, root, stop)
    examiner = make_examiner(learner, stream, progress)
    return run(examiner, stream, stop, started)


def find_episodes(
    episodes: Episodes, root: Path | None = None, stop: StopRule | None = None
) -> EpisodeStream:
    """The stream that a protocol, its name or an episode file stands for.

    stop: the rule by which its evaluation stops; it changes the protocol
    Raises DataError when the dataset is not built or lacks an image of the file.
    """
    root = data_root(root)
    if isinstance(episodes, Path):
        episodes = stream_of_file(read_episodes(episodes), root)
    if isinstance(episodes, str):
        episodes = find_protocol(episodes)
    if isinstance(episodes, EvalProtocol):
        episodes = open_stream(episodes, root)
    if stop is None:
        return episodes
    return replace(episodes, protocol=stop.protocol(episodes.protocol))


def make_examiner(
    learner: Learner,
    stream: EpisodeStream,
    progress: Progress | None = None,
    features: Features | None = None,
) -> Examiner:
    """What answers the episodes of a stream, all of them or a range.

    features: embedded images of another evaluation, used again if they are the same
    """
    protocol = stream.protocol
    if protocol.adaptation_steps:
        learner = learner.with_steps(protocol.adaptation_steps)
    return Examiner(
        learner,
        stream.view,
        protocol.seed,
        images=stream.few_images(),
        features=features,
        progress=progress,
    )


def run(
    examiner: Examiner,
    stream: EpisodeStream,
    stop: StopRule | None = None,
    started: float | None = None,
) -> RunResult:
    """Answer all episodes of a stream, or those until a rule says stop.

    started: when the evaluation began, by time.perf_counter; None: now
    """
    if started is None:
        started = time.perf_counter()
    parts: list[EpisodeBatch] = []
    answers: list[Answers] = []
    ranges = growing_ranges(len(stream)) if stop else [(0, len(stream))]
    for start, end in ranges:
        part, answered = answer_range(examiner, stream, start, end)
        parts.append(part)
        answers.append(answered)
        if stop and stop.is_met(_accuracies(answers, stream.protocol)):
            break
    answered_stream = stream.holding(EpisodeBatch.joined(parts))
    joined = Answers.joined(answers)
    return make_result(examiner.learner, answered_stream, joined, started)


def answer_range(
    examiner: Examiner, stream: EpisodeStream, start: int, end: int
) -> tuple[EpisodeBatch, Answers]:
    """Draw and answer the episodes `start` to `end - 1`.

    start: a multiple of the learner's `range_step`. The answers to several ranges, joined
        by `Answers.joined`, are what one range over all of them gives, bit for bit.
    """
    began = time.perf_counter()
    part = stream.range(start, end)
    seconds = time.perf_counter() - began
    answers = examiner.answer(part, start)
    return part, replace(answers, seconds={"sample": seconds, **answers.seconds})


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
    stream = find_episodes(protocol, root)
    return probe_episode(as_learner(model), stream.view, stream.range(0, 1))


def _accuracies(answers: Sequence[Answers], protocol: EvalProtocol) -> np.ndarray:
    counts = []
    for one in answers:
        counts.append(count_correct(one.predictions, protocol.n_way))
    return np.concatenate(counts) / protocol.queries_per_episode
