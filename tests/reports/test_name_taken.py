"""Saving never replaces another result unasked, and says what the file holds."""

import multiprocessing
from pathlib import Path

import numpy as np
import pytest

from fewbench.reports.name_taken import held_by
from fewbench.reports.records import ResultError
from fewbench.reports.result_files import load_result, load_results, save_result
from fewbench_tests.made_results import build_result

OLD = Path(__file__).parents[1] / "compatibility" / "files" / "results"


def test_eight_results_leave_eight_files(tmp_path: Path) -> None:
    names = [
        "метод А",
        "метод Б",
        "ResNet",
        "resnet",
        "ResNet++",
        "con",
        "resnet.",
        "é",
    ]
    for name in names:
        save_result(build_result(learner=name), tmp_path)
    results = load_results([tmp_path])
    assert sorted(result.learner for result in results) == sorted(names)
    stems = {path.name.lower() for path in tmp_path.glob("*.json")}
    assert len(stems) == 8


def test_three_seeds_leave_three_files(tmp_path: Path) -> None:
    for seed in (0, 1, 2):
        save_result(build_result(rng_seed=seed, train_seed=seed), tmp_path)
    results = load_results([tmp_path])
    assert [result.train_seed for result in results] == [0, 1, 2]


def test_two_ways_to_write_one_name_are_one_name(tmp_path: Path) -> None:
    save_result(build_result(learner="caf\u00e9"), tmp_path)
    with pytest.raises(ResultError, match="another result of this name"):
        save_result(build_result(0.5, learner="cafe\u0301"), tmp_path)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"precision": "bf16"}, "precision fp32 there, bf16 here"),
        ({"data_fingerprint": "data-2"}, "data_fingerprint data-1 there, data-2 here"),
        ({"recipe": {"lr": 1}}, "recipe lr 0.001 there, 1 here"),
        ({"backbone": "resnet12-64"}, "backbone conv4-64 there, resnet12-64 here"),
        ({"rng_seed": 1}, "other predictions"),
    ],
)
def test_another_result_is_not_replaced_unasked(
    tmp_path: Path, changes: dict, what: str
) -> None:
    path = save_result(build_result(), tmp_path)
    before = [file.read_bytes() for file in sorted(tmp_path.iterdir())]
    with pytest.raises(ResultError) as error:
        save_result(build_result(**changes), tmp_path)
    assert what in str(error.value)
    assert str(path) in str(error.value)
    assert "overwrite=True" in str(error.value)
    assert [file.read_bytes() for file in sorted(tmp_path.iterdir())] == before
    save_result(build_result(**changes), tmp_path, overwrite=True)
    assert np.array_equal(
        load_result(path).predictions, build_result(**changes).predictions
    )


def test_the_same_result_is_replaced_without_a_word(tmp_path: Path) -> None:
    save_result(build_result(), tmp_path)
    later = build_result(
        created_utc="2026-01-01T00:00:00Z", device="cuda", seconds={"total": 1.0}
    )
    path = save_result(later, tmp_path)
    assert load_result(path).device == "cuda"


def test_an_old_result_is_known_to_be_the_same(tmp_path: Path) -> None:
    result = load_result(OLD / "glyphs-5w1s-50ep__protonet__seed0.json")
    for suffix in (".json", ".npz"):
        file = (OLD / f"{result.file_stem}.json").with_suffix(suffix)
        (tmp_path / file.name).write_bytes(file.read_bytes())
    path = save_result(result, tmp_path)
    assert '"schema_version": 2' in path.read_text()


def test_a_file_that_is_no_result_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / f"{build_result().file_stem}.json"
    path.write_text("[]")
    with pytest.raises(ResultError, match="it is not a result"):
        save_result(build_result(), tmp_path)
    assert held_by(path) == ""


def test_a_file_tells_what_it_holds(tmp_path: Path) -> None:
    path = save_result(build_result(learner="метод А", train_seed=3), tmp_path)
    told = held_by(path)
    assert told.startswith("метод А, train seed 3, backbone conv4-64, precision fp32")


def test_of_two_that_save_at_once_one_is_refused_and_none_is_mixed(
    tmp_path: Path,
) -> None:
    context = multiprocessing.get_context("fork")
    outcomes = context.Queue()

    def save(seed: int) -> None:
        try:
            save_result(build_result(0.7, seed, n_episodes=2000), tmp_path)
            outcomes.put(("saved", seed))
        except ResultError:
            outcomes.put(("refused", seed))

    processes = [context.Process(target=save, args=(seed,)) for seed in (1, 2, 3)]
    for process in processes:
        process.start()
    found = [outcomes.get(timeout=60) for _ in processes]
    for process in processes:
        process.join()
    assert sorted(word for word, _ in found) == ["refused", "refused", "saved"]
    (winner,) = [seed for word, seed in found if word == "saved"]
    (loaded,) = load_results([tmp_path])
    expected = build_result(0.7, winner, n_episodes=2000)
    assert np.array_equal(loaded.predictions, expected.predictions)
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".json", ".npz"]
