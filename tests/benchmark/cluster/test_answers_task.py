"""Ranges of answers: joined, they are the answers of one evaluation."""

import numpy as np

from fewbench.baselines.evaluation.answers import Answers
from fewbench.baselines.evaluation.examiner import Examiner
from fewbench.baselines.evaluation.features import Features
from fewbench.benchmark.cluster.answers_file import read_answers
from fewbench.benchmark.cluster.answers_task import make_answers
from fewbench.benchmark.cluster.grid_tasks import answers_tasks
from fewbench.benchmark.cluster.grid_work import OpenGrid
from fewbench.benchmark.episodes import find_episodes


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
