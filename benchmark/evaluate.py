"""Score a learner, a torch module or a function on episodes."""

import time
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from fewbench.progress import Progress

from ..baselines.any_model import FunctionLearner, as_learner
from ..baselines.evaluation.answers import Answers
from ..baselines.evaluation.ask_again import Answered, ask_again
from ..baselines.evaluation.examiner import Examiner, few_images, range_step
from ..baselines.evaluation.features import Features
from ..baselines.evaluation.findings import Findings
from ..baselines.evaluation.stored_learner import StoredLearner
from ..baselines.learner import BaselineError, Learner, SteppedLearner
from ..baselines.outputs import Choice
from ..baselines.preparation import Preparation
from ..datasets.episodes import EpisodeBatch
from ..reports.protocol import EvalProtocol
from ..reports.records import RunResult, count_correct
from ..reports.remarks import ResultWarning, remarks
from .episodes import Episodes, find_episodes
from .image_shapes import check_images
from .labels import Labels, labelled
from .preparing import prepared_stream, with_batch_size
from .protocols.stream import EpisodeStream
from .results import check_card, make_result
from .stopping import StopRule, growing_ranges

# The number of episodes that `probe` puts to a model.
_EPISODES_TO_PROBE = 8


def evaluate(
    model: object,
    episodes: Episodes,
    *,
    stop: StopRule | None = None,
    name: str | None = None,
    preparation: Preparation | None = None,
    batch_size: int | None = None,
    root: Path | None = None,
    progress: Progress | None = None,
    probabilities: bool = False,
    features: Choice | None = None,
    labels: Labels | None = None,
) -> RunResult:
    """Score a model on episodes.

    The result is marked as transductive if the learner declares it, or if it is found that
    answers depend on the other query images. It is marked as well if the model gives other
    answers when it is asked again; see `ask_again`. A warning then says so.

    model: one of three kinds:
        a Learner;
        a `torch.nn.Module` that turns float32 images (n, C, H, W) with values in 0..1
        into features (n, d), which are compared as in ProtoNet;
        a function (support_images, support_labels, query_images) -> scores, with images
        uint8 (n, H, W, C) and scores (n_query_images, n_way)
    episodes: the name of a protocol, an EvalProtocol, the Path of an episode file, or an
        EpisodeStream
    stop: the rule that may stop the evaluation early; None for all episodes
    name: the name of the model in tables; by default the name of its class or function
    preparation: what is done to the images before the model sees them; None for nothing
    batch_size: the number of images in a forward pass of an encoder; None to choose it by
        the size of the images
    root: the folder with the built datasets; None for the default folder of `data_root`
    probabilities: whether the scores of a function are probabilities. If so, the result
        also measures their calibration.
    features: where an encoder's output holds the features, if it is not a tensor: the
        name or the index of a member, or a function of the output
    labels: what the user says of the model; None for nothing but the `name`
    Warns (`ResultWarning`) of what `remarks` finds, such as an accuracy far below guessing.
    Raises DataError if the protocol is wrong or the dataset is missing.
    Raises BaselineError if the model cannot be evaluated.
    """
    started = time.perf_counter()
    learner = scored_learner(model, name, probabilities, features)
    learner = labelled(learner, labels or Labels(name))
    learner = with_batch_size(learner, batch_size)
    stream = find_episodes(episodes, root, stop)
    stream = prepared_stream(stream, preparation)
    examiner = make_examiner(learner, stream, progress)
    result = run(examiner, stream, stop, started)
    found = "; ".join(remarks(result))
    if found:
        words = f"{result.learner} on {result.protocol.name}: {found}"
        warnings.warn(words, ResultWarning, stacklevel=2)
    return result


def make_examiner(
    learner: Learner,
    stream: EpisodeStream,
    progress: Progress | None = None,
    features: Features | None = None,
) -> Examiner:
    """Return the examiner that tests a learner on the episodes of a stream.

    features: features from an earlier evaluation; they are used again if they are of the
        same learner and the same images
    """
    check_card(learner.card)
    check_images(learner, stream)
    protocol = stream.protocol
    if protocol.adaptation_steps and isinstance(learner, SteppedLearner):
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
    """Let the learner answer the episodes of a stream, and make the result.

    stop: the rule that may stop the evaluation early; None for all episodes
    started: the value of time.perf_counter when the evaluation began; None if it begins
        with this call
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
    learner = examiner.learner
    return make_result(learner, answered_stream, joined, started, examiner.features)


def answer_range(
    examiner: Examiner, stream: EpisodeStream, start: int, end: int
) -> tuple[EpisodeBatch, Answers]:
    """Draw and answer the episodes `start` to `end - 1`.

    `Answers.joined` joins the answers for several ranges. The joined answers equal the
    answers for a single range over all episodes, bit for bit.

    start: a multiple of the learner's `range_step`
    """
    began = time.perf_counter()
    part = stream.range(start, end)
    seconds = time.perf_counter() - began
    answers = examiner.answer(part, start)
    return part, replace(answers, seconds={"sample": seconds, **answers.seconds})


def scored_learner(
    model: object,
    name: str | None = None,
    probabilities: bool = False,
    features: Choice | None = None,
) -> Learner:
    """Return a learner that answers episodes with a model. See `evaluate`.

    Raises BaselineError if the model cannot be evaluated, or if `probabilities` is True
    and the model is not a function.
    """
    learner = as_learner(model, name, features=features)
    if not probabilities:
        return learner
    if not isinstance(learner, FunctionLearner):
        raise BaselineError(
            f"probabilities=True: expected a function that returns probabilities, got "
            f"a {type(model).__name__}, which is not a function. Omit "
            f"probabilities=True."
        )
    learner.scores_are = "probabilities"
    return learner


def probe(
    model: object,
    protocol: str | EvalProtocol | EpisodeStream,
    *,
    features: Choice | None = None,
    preparation: Preparation | None = None,
    root: Path | None = None,
) -> Findings:
    """Measure whether the answer to a query image depends on the other query images.

    A few episodes are answered, and then some of them again; see `ask_again`. The function
    `evaluate` does the same for every model.

    model, features, preparation, root: see `evaluate`
    protocol: the name of a protocol, an EvalProtocol or an EpisodeStream
    Raises the same errors as `evaluate`.
    """
    stream = prepared_stream(find_episodes(protocol, root), preparation)
    learner = as_learner(model, features=features)
    if isinstance(learner, StoredLearner):
        raise BaselineError(
            f"{learner.card.name}: cannot be probed: expected a model, got its stored "
            f"features alone, which stay as they are. Name the model itself"
        )
    check_images(learner, stream)
    step = range_step(learner)
    n_steps = -(-len(stream) // step)
    # Drawn with the entropy of the system, so that a model cannot foresee it.
    start = step * int(np.random.default_rng().integers(n_steps))
    episodes = stream.range(start, min(start + _EPISODES_TO_PROBE, len(stream)))
    seed = stream.protocol.seed
    used = few_images(stream.view, [episodes])
    examiner = Examiner(learner, stream.view, seed, images=used)
    answers = examiner.answer(episodes, start)
    answered = Answered(stream.view, seed, episodes, answers, examiner.features)
    return ask_again(learner, answered)


def _accuracies(answers: Sequence[Answers], protocol: EvalProtocol) -> np.ndarray:
    counts = []
    for one in answers:
        counts.append(count_correct(one.predictions, protocol.n_way))
    return np.concatenate(counts) / protocol.queries_per_episode
