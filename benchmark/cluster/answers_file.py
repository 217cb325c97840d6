"""Write and read the answers to a range of episodes, as an .npz with the same bytes."""

import io
from pathlib import Path

import numpy as np

from fewbench.documents import counted, shown
from fewbench.errors import UserError
from fewbench.files import write_bytes
from fewbench.npz import UNREADABLE, read_arrays

from ...baselines.evaluation.answers import Answers, Embedded
from ...reports.protocol import EvalProtocol

# Which images were embedded, as a number in the file.
_EMBEDDED: tuple[Embedded | None, ...] = (None, "split", "episodes")
_CALIBRATION_BYTES = 100 * 3 * 8
_FIRST_EPISODES = 2


def save_answers(path: Path, answers: Answers) -> Path:
    """Write the answers without their times. Equal answers give equal bytes."""
    nothing = np.zeros(0)
    calibration = answers.calibration
    first_scores = answers.first_scores
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        predictions=answers.predictions,
        calibration=nothing if calibration is None else calibration,
        first_scores=nothing if first_scores is None else first_scores,
        embedded=np.array(_EMBEDDED.index(answers.embedded)),
        start=np.array(answers.start),
    )
    return write_bytes(path, buffer.getvalue(), durable=True)


def read_answers(path: Path, protocol: EvalProtocol, start: int, end: int) -> Answers:
    """Read the answers to the episodes `start` to `end - 1`.

    Raises UserError if the file is missing or damaged, or holds other answers.
    """
    n_queries = protocol.queries_per_episode
    n_episodes = end - start
    limits = {
        "predictions": n_episodes * n_queries,
        "calibration": _CALIBRATION_BYTES,
        "first_scores": _FIRST_EPISODES * n_queries * protocol.n_way * 8,
        "embedded": 8,
        "start": 8,
    }
    try:
        arrays = read_arrays(path, limits)
        answers = _answers(arrays)
        if answers.start != start or answers.predictions.shape != (
            n_episodes,
            n_queries,
        ):
            raise ValueError(f"it does not hold the episodes {start} to {end - 1}")
    except UNREADABLE as error:
        raise UserError(
            f"{path}: damaged answers: expected the predictions for "
            f"{counted(n_episodes, 'episode')}, got: {shown(error, 200)}. Delete this "
            f"file, and type the same command again"
        ) from error
    return answers


def _answers(arrays: dict[str, np.ndarray]) -> Answers:
    calibration = arrays["calibration"]
    first_scores = arrays["first_scores"]
    return Answers(
        predictions=arrays["predictions"],
        seconds={},
        calibration=calibration if calibration.size else None,
        start=int(arrays["start"]),
        embedded=_EMBEDDED[int(arrays["embedded"])],
        first_scores=first_scores if first_scores.size else None,
    )
