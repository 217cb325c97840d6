import pytest

from fewbench.benchmark.guard.comparable import NotComparable, check_comparable
from fewbench.benchmark.guard.references.reference_file import save_command
from fewbench.benchmark.guard.regress import save_new
from fewbench_tests.guarded import OTHER_MACHINE, made, store


def test_another_machine_seed_or_recipe_is_comparable(tmp_path) -> None:
    stored = store(tmp_path, made())

    check_comparable(made(environment=OTHER_MACHINE, train_seed=3, recipe={}), stored)


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({"data_fingerprint": "data-2"}, "data data-1 there, data-2 here"),
        (
            {"episodes_fingerprint": "episodes-2"},
            "episodes episodes-1 there, episodes-2 here",
        ),
        ({"n_shot": 5}, "n_shot 1 there, 5 here"),
        ({"n_episodes": 50}, "n_episodes 40 there, 50 here"),
        ({"split": "val"}, "split test there, val here"),
        ({"seed": 1}, "seed 0 there, 1 here"),
    ],
)
def test_what_differs_is_listed_with_the_command(tmp_path, changes, difference) -> None:
    stored = store(tmp_path, made())

    with pytest.raises(NotComparable) as error:
        check_comparable(made(**changes), stored)
    assert error.value.differences == (difference,)
    assert difference in str(error.value)
    assert str(error.value).endswith(stored.update_command)


def test_the_advice_for_other_episodes_is_a_command_that_works(tmp_path) -> None:
    stored = store(tmp_path, made())
    longer = made(n_episodes=50, name="glyphs-5w1s-50ep")

    with pytest.raises(NotComparable, match="save another reference") as error:
        check_comparable(longer, stored)
    assert str(error.value).endswith(save_command(stored.folder, ""))
    [saved] = save_new(
        [longer], stored.folder.parent, stored.reference.key.name, "same"
    )
    check_comparable(longer, saved)
