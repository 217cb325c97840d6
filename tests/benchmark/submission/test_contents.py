"""The names of the files in a bundle."""

import pytest

from fewbench.benchmark.submission.contents import (
    checkpoint_name,
    is_allowed,
    is_text,
    result_names,
    seed_of,
)

ALLOWED = {
    "submission.json": True,
    "results/a__b__seed0.json": True,
    "results/a-on-c@224__b__seed0.json": True,
    "training/seed0/train.json": True,
    "training/seed12/recipe.toml": True,
    "checkpoints/seed18446744073709551615.safetensors": False,
    "checkpoints/seed0.safetensors": False,
}
REFUSED = [
    "",
    "a.json",
    "results/a.pt",
    "results/a/b.json",
    "results/.a.json",
    "results/../submission.json",
    "results/a b.json",
    "results/ä.json",
    "results/a.json\n",
    f"results/{'a' * 300}.json",
    "training/seed٣/train.json",
    "training/seed0/run.sh",
    "training/seed0/train",
    "training/train.json",
    "checkpoints/seed0.pt",
    "Submission.json",
    "C:/submission.json",
]


@pytest.mark.parametrize("name", ALLOWED)
def test_these_names_are_allowed(name: str) -> None:
    assert is_allowed(name)
    assert is_text(name) == (ALLOWED[name] or name.endswith(".json"))


def test_arrays_and_checkpoints_are_no_text() -> None:
    assert not is_text("results/a.npz")
    assert not is_text(checkpoint_name(3))
    assert is_text("training/seed0/a.log")


@pytest.mark.parametrize("name", REFUSED)
def test_these_names_are_refused(name: str) -> None:
    assert not is_allowed(name)


def test_results_are_found_in_order() -> None:
    names = ["results/b.json", "results/a.npz", "submission.json", "results/a.json"]

    assert result_names(names) == ["results/a.json", "results/b.json"]


def test_a_seed_is_read_from_a_name() -> None:
    assert seed_of(checkpoint_name(7)) == 7
    assert seed_of("training/seed12/train.json") == 12
    assert seed_of("results/a__b__seed3.json") is None
