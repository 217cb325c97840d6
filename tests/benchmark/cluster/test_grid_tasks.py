"""What decides the id of a task, and what does not."""

from dataclasses import replace

from fewbench.benchmark.cluster.grid_tasks import (
    TrainingData,
    answers_tasks,
    embeds_images,
    evaluation_of,
    features_tasks,
    result_task,
    training_task,
)
from fewbench.benchmark.cluster.grid_work import OpenGrid
from fewbench.benchmark.protocols.catalogue import find_protocol


def test_seed_data_and_threads_decide_a_training_and_its_name_does_not(
    small_grid: OpenGrid,
) -> None:
    training = small_grid.plan.trainings[0].training
    conditions = small_grid.conditions
    data = TrainingData(("a", "b"), (28, 28, 1))
    task = training_task(training, data, conditions)
    renamed = replace(training, name="other")
    assert training_task(renamed, data, conditions).id == task.id
    others = [
        training_task(
            replace(training, config=replace(training.config, seed=1)), data, conditions
        ),
        training_task(training, replace(data, fingerprints=("a", "c")), conditions),
        training_task(training, data, replace(conditions, threads=2)),
    ]
    assert len({task.id, *(other.id for other in others)}) == 4


def test_more_episodes_keep_the_ranges_that_are_full(small_grid: OpenGrid) -> None:
    conditions = small_grid.conditions
    evaluation = small_grid.plan.trainings[0].evaluations[0]
    more = find_protocol("glyphs-5w1s", n_episodes=600)
    before = [task.id for task in answers_tasks(evaluation, conditions)]
    longer = replace(evaluation, protocol=more, name="other")
    after = [task.id for task in answers_tasks(longer, conditions)]
    assert len(after) == 3
    assert after[0] == before[0]
    assert after[1] != before[1]
    first = result_task(evaluation, 0, conditions)
    assert result_task(longer, 0, conditions).id != first.id


def test_the_cut_does_not_decide_a_result(small_grid: OpenGrid) -> None:
    conditions = small_grid.conditions
    evaluation = small_grid.plan.trainings[0].evaluations[0]
    cut = replace(evaluation.cut, episodes=1000)
    coarse = replace(evaluation, cut=cut)
    tasks = list(answers_tasks(coarse, conditions))
    assert [(task.body["start"], task.body["end"]) for task in tasks] == [(0, 300)]
    assert result_task(coarse, 0, conditions).id == (
        result_task(evaluation, 0, conditions).id
    )


def test_an_evaluation_comes_back_from_its_task(small_grid: OpenGrid) -> None:
    evaluation = small_grid.plan.trainings[0].evaluations[0]
    for task in answers_tasks(evaluation, small_grid.conditions):
        assert evaluation_of(task) == evaluation
    assert (
        evaluation_of(result_task(evaluation, 0, small_grid.conditions)) == evaluation
    )


def test_a_learner_without_features_has_no_blocks(small_grid: OpenGrid) -> None:
    evaluation = small_grid.plan.trainings[0].evaluations[0]
    assert len(list(features_tasks(evaluation, small_grid.conditions))) > 1
    without = replace(evaluation, cut=replace(evaluation.cut, embeds=False))
    assert list(features_tasks(without, small_grid.conditions)) == []
    config = small_grid.plan.trainings[0].training.config
    assert embeds_images(config)
    assert not embeds_images(replace(config, learner="maml"))
