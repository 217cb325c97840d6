"""The plan of a grid: tasks in order, what is done, and what is refused at once."""

import shutil
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest

from fewbench.baselines.learner import BaselineError
from fewbench.benchmark.cluster.grid_tasks import answers_tasks
from fewbench.benchmark.cluster.grid_work import OpenGrid
from fewbench.benchmark.cluster.plan import Count
from fewbench.datasets.info import DataError
from fewbench_tests.small_grids import BOTH, SMALL, opened


def test_tasks_come_in_the_order_in_which_they_need_each_other(
    tmp_path: Path, glyphs_root: Path
) -> None:
    plan = opened(tmp_path, glyphs_root, f"seeds = 2\n{BOTH}").plan
    titles = [one.training.title for one in plan.trainings]
    assert titles == [
        "protonet on glyphs, seed 0",
        "maml on glyphs, seed 0",
        "protonet on glyphs, seed 1",
        "maml on glyphs, seed 1",
    ]
    kinds = []
    for flow in plan.flows():
        kinds.append([task.kind for task in chain.from_iterable(flow) if task])
    protonet, maml, *_ = kinds
    assert protonet == ["training", *["features"] * 5, "answers", "result"]
    assert maml == ["training", "answers", "result"]
    assert plan.counts() == {
        "training": Count(4, 0),
        "features": Count(10, 0),
        "answers": Count(4, 0),
        "result": Count(4, 0),
    }
    ids = [task.id for task in plan.tasks()]
    assert len(ids) == len(set(ids)) == 22
    assert sorted(plan.data) == ["glyphs test", "glyphs train", "glyphs val"]


def test_features_of_one_split_serve_all_its_protocols(small_grid: OpenGrid) -> None:
    kinds = [task.kind for task in small_grid.plan.tasks()]
    assert kinds == ["training", *["features"] * 5, *["answers"] * 4, *["result"] * 2]


def test_what_has_its_result_needs_nothing(small_grid: OpenGrid) -> None:
    plan = small_grid.plan
    [flow] = plan.flows()
    kinds = [task.kind for task in chain.from_iterable(flow) if task]
    assert kinds == ["result", "result"]
    assert all(count.done == count.total for count in plan.counts().values())


def test_a_finished_evaluation_leaves_the_places_of_the_others(
    small_grid: OpenGrid, tmp_path: Path
) -> None:
    shutil.copytree(small_grid.plan.place.folder, tmp_path / "work")
    place = replace(small_grid.plan.place, folder=tmp_path / "work")
    [training] = small_grid.plan.trainings
    _, second = training.evaluations
    (place.folder / "results" / f"{training.stem(second)}.npz").unlink()
    assert training.unfinished(place) == (second,)
    counts = replace(small_grid.plan, place=place).counts()
    assert counts["result"] == Count(2, 1)
    _, features, answers, _ = training.flow(place)
    assert None not in list(features)
    needed = list(answers_tasks(second, training.conditions))
    assert list(answers) == [None, None, *needed]


def test_a_dataset_that_is_not_built_is_refused_with_its_command(
    tmp_path: Path,
) -> None:
    text = '[[part]]\nrecipes = ["maml-omniglot"]\nprotocols = ["omniglot-5w1s"]\n'
    with pytest.raises(DataError, match="fewbench data build omniglot"):
        opened(tmp_path, tmp_path / "root", text)
    assert not (tmp_path / "work").exists()


def test_an_episode_that_cannot_be_drawn_is_refused_at_once(
    tmp_path: Path, glyphs_root: Path
) -> None:
    with pytest.raises(DataError, match="classes"):
        opened(tmp_path, glyphs_root, f"{SMALL}val_way = 250\n")
    with pytest.raises(BaselineError, match="--backend higher: cannot run protonet"):
        opened(tmp_path, glyphs_root, f'{SMALL}backend = "higher"\n')
