import pytest

from fewbench.benchmark.guard.references.reference import Made
from fewbench.benchmark.guard.references.reference_folder import ReferenceFolder
from fewbench.errors import UserError
from fewbench_tests.guarded import made, runs, store


def test_nothing_of_one_user_is_written(tmp_path) -> None:
    result = made(
        command="fewbench evaluate /home/ada/run --out secret",
        recipe={"weights": "/home/ada/net.pt", "lr": 0.1, "note": "a/b"},
    )

    stored = store(tmp_path, result)

    assert stored.result().command == ""
    assert stored.result().recipe == {"weights": "net.pt", "lr": 0.1, "note": "a/b"}
    for path in stored.folder.glob("*.json"):
        assert "home" not in path.read_text()
        assert str(tmp_path) not in path.read_text()


def test_what_was_accepted_is_in_the_history(tmp_path) -> None:
    reference = store(tmp_path, *runs(3)).reference

    [line] = reference.history
    assert (line.mean, line.spread, line.n_runs) == (
        reference.mean,
        reference.spread,
        3,
    )
    assert line.predictions_sha256 == reference.predictions_sha256


@pytest.mark.parametrize(
    ("results", "kind", "words"),
    [
        (runs(2), "same", "add --retrained"),
        (runs(2), "retrained", "at least 3 runs with different training seeds, got 2"),
        ([made(rng_seed=k) for k in range(3)], "retrained", "every training seed once"),
        (
            [made(rng_seed=k, train_seed=k, recipe={"lr": k}) for k in range(3)],
            "retrained",
            "recipe lr",
        ),
        ([made(train_seed=k) for k in range(3)], "retrained", "equal predictions"),
        ([made(n_episodes=1)], "same", "expected at least 2, got 1"),
        (
            [made(1.0, k, train_seed=k) for k in range(3)],
            "retrained",
            "Choose a harder protocol",
        ),
    ],
)
def test_what_is_no_reference_is_refused(tmp_path, results, kind, words) -> None:
    with pytest.raises(UserError, match=words):
        store(tmp_path, *results, kind=kind)
    assert not list(tmp_path.rglob("*.json"))


def test_a_training_that_ignores_its_seed_is_named(tmp_path) -> None:
    equal = [made(train_seed=k) for k in range(3)]

    with pytest.raises(UserError, match="gives the same model for every seed"):
        store(tmp_path, *equal, test="test_models.py::test_mine")


def test_names_and_reasons_are_single_lines(tmp_path) -> None:
    with pytest.raises(UserError, match="expected one line of printable text"):
        store(tmp_path, made(), name="two\nlines")
    with pytest.raises(UserError, match="at most 1000 characters"):
        store(tmp_path, made(), name="x" * 1001)
    place = ReferenceFolder(tmp_path / "accuracy" / "reference")

    stored = place.save(Made("one", "same", [made()]), reason=" two\n lines ")

    assert stored.reference.history[0].reason == "two lines"
