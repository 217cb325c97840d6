from pathlib import Path

import pytest

from fewbench.benchmark.cli.inputs import (
    find_dataset,
    load_in_order,
    load_one,
    new_file,
    require_new_file,
)
from fewbench.datasets.info import DataError
from fewbench.errors import UserError
from fewbench.locks import Busy
from fewbench.reports.result_files import save_result
from fewbench_tests.honest_results import build_honest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for learner in ("a", "b"):
        save_result(build_honest(0.9, 1, learner=learner), tmp_path)
    return tmp_path


def test_a_dataset_is_found_by_its_name_and_filter() -> None:
    assert find_dataset("omniglot").name == "omniglot"
    assert (
        find_dataset("tieredimagenet", resampling="lanczos").name
        == "tieredimagenet-lanczos"
    )
    own = find_dataset("miniimagenet").resampling
    assert find_dataset("miniimagenet", resampling=own).name == "miniimagenet"
    large = find_dataset("miniimagenet", resampling="lanczos", size=224)
    assert (large.name, large.image_shape) == (
        "miniimagenet-lanczos@224",
        (224, 224, 3),
    )
    assert find_dataset("miniimagenet@224", resampling="lanczos").name == large.name
    assert find_dataset("miniimagenet", size=84).name == "miniimagenet"
    with pytest.raises(DataError, match="contradicts --size 96"):
        find_dataset("miniimagenet@224", size=96)
    with pytest.raises(DataError, match="'omniglot'.*fewbench data list"):
        find_dataset("omnigolt")
    with pytest.raises(DataError, match="'lanczos'"):
        find_dataset("tieredimagenet", resampling="lanzcos")


def test_results_come_in_the_order_of_the_arguments(folder: Path) -> None:
    first, second = sorted(folder.glob("*.json"))
    learners = [result.learner for result in load_in_order([second, first])]
    assert learners == ["b", "a"]
    assert [result.learner for result in load_in_order([folder])] == ["a", "b"]
    with pytest.raises(UserError, match="is given twice"):
        load_in_order([first, folder / "." / first.name])


def test_each_result_comes_once(folder: Path) -> None:
    everything = sorted(folder.iterdir())  # as in results/*
    assert [path.suffix for path in everything] == [".json", ".npz"] * 2
    for paths in (everything, [folder, *everything], [*everything, folder]):
        assert [result.learner for result in load_in_order(paths)] == ["a", "b"]
    last = [everything[-1], folder]
    assert [result.learner for result in load_in_order(last)] == ["b", "a"]


def test_one_result_is_wanted(folder: Path) -> None:
    assert load_one(min(folder.glob("*.json"))).learner == "a"
    with pytest.raises(UserError, match="expected one result, got 2 results"):
        load_one(folder)


def test_a_file_that_appeared_since_the_command_began_is_not_replaced(
    tmp_path: Path,
) -> None:
    out = tmp_path / "out.png"
    require_new_file(out)
    with new_file(out):
        out.write_text("mine")
        with pytest.raises(Busy), new_file(out):
            pass
    with pytest.raises(UserError, match="exists already"), new_file(out):
        pass
    with new_file(out, overwrite=True):
        out.write_text("new")
    assert [path.name for path in tmp_path.iterdir()] == ["out.png"]
