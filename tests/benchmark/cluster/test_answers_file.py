"""Answers in a file: written with the same bytes, and read with limits."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from fewbench.baselines.evaluation.answers import Answers
from fewbench.benchmark.cluster.answers_file import read_answers, save_answers
from fewbench.benchmark.protocols.catalogue import find_protocol
from fewbench.errors import UserError

PROTOCOL = find_protocol("glyphs-5w1s")
ANSWERS = Answers(
    predictions=np.arange(3 * 75, dtype=np.uint8).reshape(3, 75) % 5,
    seconds={"classify": 1.5},
    calibration=np.ones((100, 3)),
    start=256,
    embedded="split",
    first_scores=np.ones((2, 75, 5), np.float32),
)


@pytest.mark.parametrize("changes", [{}, {"calibration": None, "embedded": None}])
def test_all_but_the_times_comes_back(tmp_path: Path, changes: dict) -> None:
    answers = dataclasses.replace(ANSWERS, **changes)
    path = save_answers(tmp_path / "a.npz", answers)
    read = read_answers(path, PROTOCOL, 256, 259)
    assert read.seconds == {}
    assert (read.start, read.embedded) == (256, answers.embedded)
    assert np.array_equal(read.predictions, answers.predictions)
    assert read.first_scores is not None
    assert answers.first_scores is not None
    assert np.array_equal(read.first_scores, answers.first_scores)
    assert (read.calibration is None) == (answers.calibration is None)
    later = dataclasses.replace(answers, seconds={"classify": 9.9})
    assert save_answers(tmp_path / "b.npz", later).read_bytes() == path.read_bytes()


def damaged(tmp_path: Path, start: int, end: int) -> str:
    with pytest.raises(UserError) as caught:
        read_answers(tmp_path / "a.npz", PROTOCOL, start, end)
    text = str(caught.value)
    assert "\n" not in text
    assert text.endswith("Delete this file, and type the same command again")
    return text


def test_other_answers_and_damage_are_said(tmp_path: Path) -> None:
    path = save_answers(tmp_path / "a.npz", ANSWERS)
    assert "it does not hold the episodes 0 to 2" in damaged(tmp_path, 0, 3)
    assert "it does not hold the episodes 256 to 259" in damaged(tmp_path, 256, 260)
    many = dataclasses.replace(ANSWERS, predictions=np.zeros((200, 75), np.uint8))
    save_answers(path, many)
    assert "predictions.npy unpacks to" in damaged(tmp_path, 256, 257)
    save_answers(path, ANSWERS)
    path.write_bytes(path.read_bytes()[:-30])
    assert "damaged answers" in damaged(tmp_path, 256, 259)
    path.unlink()
    assert "damaged answers" in damaged(tmp_path, 256, 259)
