"""A worker keeps the model and its features from task to task."""

from dataclasses import replace
from pathlib import Path

import pytest

from fewbench.baselines.evaluation.stored_features import StoredFeatures
from fewbench.baselines.learner import BaselineError
from fewbench.benchmark.cluster.grid_work import OpenGrid
from fewbench.benchmark.cluster.opened_evaluation import open_evaluation
from fewbench.benchmark.cluster.place import Place
from fewbench.datasets.info import DataError


def test_the_model_and_its_features_are_kept_for_the_next_protocol(
    small_grid: OpenGrid,
) -> None:
    plan = small_grid.plan
    first, second = plan.trainings[0].evaluations
    opened = open_evaluation(first, plan.place, small_grid.conditions)
    assert open_evaluation(first, plan.place, small_grid.conditions) is opened
    other = open_evaluation(second, plan.place, small_grid.conditions)
    assert other is not opened
    assert other.examiner.learner is opened.examiner.learner
    assert isinstance(other.examiner.features, StoredFeatures)
    assert other.examiner.features is opened.examiner.features
    assert other.examiner.learner.card.name == "protonet"


def test_other_images_and_missing_features_are_refused(
    small_grid: OpenGrid, tmp_path: Path
) -> None:
    plan = small_grid.plan
    evaluation = plan.trainings[0].evaluations[0]
    other = replace(evaluation, view=replace(evaluation.view, fingerprint="0" * 64))
    with pytest.raises(DataError, match="Use the same build of the dataset"):
        open_evaluation(other, plan.place, small_grid.conditions)
    published = plan.place.file(plan.trainings[0].task)
    place = Place(tmp_path, plan.place.root)
    copy = place.file(plan.trainings[0].task)
    copy.parent.mkdir(parents=True)
    copy.write_bytes(published.read_bytes())
    with pytest.raises(BaselineError, match="cannot read the features"):
        open_evaluation(evaluation, place, small_grid.conditions)
