"""Ranges of answers: joined, they are the answers of one evaluation."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fewbench.baselines.evaluation.answers import Answers
from fewbench.baselines.evaluation.examiner import Examiner
from fewbench.baselines.evaluation.features import Features
from fewbench.baselines.learner import BaselineError
from fewbench.benchmark.cluster import answers_task
from fewbench.benchmark.cluster.answers_file import read_answers
from fewbench.benchmark.cluster.answers_task import make_answers
from fewbench.benchmark.cluster.grid_tasks import answers_tasks
from fewbench.benchmark.cluster.grid_work import OpenGrid
from fewbench.benchmark.cluster.place import Place
from fewbench.benchmark.episodes import find_episodes
from fewbench.benchmark.evaluate import answer_range


def test_joined_ranges_are_the_answers_of_one_evaluation(small_grid: OpenGrid) -> None:
    place = small_grid.plan.place
    training = small_grid.plan.trainings[0]
    for evaluation in training.evaluations:
        ranges = []
        for task in answers_tasks(evaluation, training.conditions):
            start, end = task.body["start"], task.body["end"]
            ranges.append(
                read_answers(place.file(task), evaluation.protocol, start, end)
            )
        assert [one.start for one in ranges] == [0, 256]
        joined = Answers.joined(ranges)
        stream = find_episodes(evaluation.protocol, place.root)
        learner = evaluation.model.load(place.folder, stream.view.image_shape)
        examiner = Examiner(learner, stream.view, stream.protocol.seed)
        assert isinstance(examiner.features, Features)
        whole = examiner.answer(stream.episodes)
        assert np.array_equal(joined.predictions, whole.predictions)
        assert joined.calibration is not None
        assert whole.calibration is not None
        assert np.array_equal(joined.calibration, whole.calibration)
        assert joined.first_scores is not None
        assert whole.first_scores is not None
        assert np.array_equal(joined.first_scores, whole.first_scores)
        assert joined.embedded == whole.embedded == "split"


def test_an_answer_made_again_has_the_same_bytes(small_grid: OpenGrid) -> None:
    place = small_grid.plan.place
    training = small_grid.plan.trainings[0]
    *_, last = answers_tasks(training.evaluations[1], training.conditions)
    made = make_answers(last, place, place.new_attempt(last))
    assert made.read_bytes() == place.file(last).read_bytes()
    place.forget_attempts(last)


def test_features_that_change_meanwhile_give_no_answers(
    small_grid: OpenGrid, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are as before at the end, so that nobody else would notice."""
    place = Place(tmp_path / "grid", small_grid.plan.place.root)
    shutil.copytree(small_grid.plan.place.folder, place.folder)
    training = small_grid.plan.trainings[0]
    evaluation = training.evaluations[0]
    first, *_ = answers_tasks(evaluation, training.conditions)
    expected = place.file(first).read_bytes()
    files = list((place.folder / "features").rglob("*.npy"))
    contents = {file: file.read_bytes() for file in files}

    def answer_others(*arguments: Any) -> Any:
        for file in files:
            np.save(file, -np.load(file))
        answered = answer_range(*arguments)
        for file, content in contents.items():
            file.write_bytes(content)
        return answered

    with monkeypatch.context() as patch:
        patch.setattr(answers_task, "answer_range", answer_others)
        with pytest.raises(BaselineError, match="cannot trust the stored features"):
            make_answers(first, place, place.new_attempt(first))
    # The next attempt of this process opens the files again.
    made = make_answers(first, place, place.new_attempt(first))
    assert made.read_bytes() == expected
