import random

import pytest

from fewbench.reports.groups import conflicts, result_groups


def test_results_on_the_same_episodes_share_an_unnumbered_group(make_result):
    results = [
        make_result(learner="b"),
        make_result(learner="a"),
        make_result(learner="a"),
    ]

    (group,) = result_groups(results)

    assert group.label == group.file_name == "glyphs-5w1s"
    assert [result.learner for result in group.results] == ["a", "a", "b"]
    assert conflicts([group]) == {}


def test_a_group_names_what_is_unusual(make_result):
    result = make_result(
        n_query=1, task_rotations=True, sampling="disjoint", adaptation_steps=10, seed=3
    )

    (group,) = result_groups([result])

    assert "1 query a class" in str(group)
    assert str(group).endswith(
        "seed 3, each class of an episode rotated at random, disjoint episodes, 10 adaptation steps"
    )


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"n_episodes": 20}, "n_episodes 40 | 20"),
        ({"seed": 3}, "seed 0 | 3"),
        ({"rotations": True}, "rotations False | True"),
        ({"n_query": 5}, "n_query 15 | 5"),
        ({"dataset": "other"}, "dataset glyphs | other"),
        ({"data_fingerprint": "x"}, "data_fingerprint data-1 | x"),
        (
            {"episodes_fingerprint": "y" * 64},
            f"episodes_fingerprint episodes-1 | {'y' * 16}…",
        ),
    ],
)
def test_one_name_on_different_episodes_is_told_apart(make_result, change, told):
    results = [make_result(), make_result(learner="a"), make_result(**change)]

    groups = {group.number: group for group in result_groups(results)}

    assert [len(groups[number].results) for number in (1, 2)] == [2, 1]
    assert groups[2].label == "glyphs-5w1s (group 2)"
    assert groups[2].file_name == "glyphs-5w1s__2"
    assert conflicts([groups[1], groups[2]])["glyphs-5w1s"].endswith(told)


def test_fingerprints_that_differ_only_at_the_end_still_differ(make_result):
    results = [make_result(data_fingerprint="f" * 63 + end) for end in "ab"]

    assert "data_fingerprint" in conflicts(result_groups(results))["glyphs-5w1s"]


def test_the_order_of_results_changes_nothing(various_results):
    shuffled = random.Random(0).sample(various_results, len(various_results))

    def names(results):
        return [(str(group), group.results) for group in result_groups(results)]

    assert names(shuffled) == names(various_results)


def test_a_group_says_what_was_played(make_result):
    (group,) = result_groups([make_result(rotations=True)])

    assert str(group) == (
        "glyphs-5w1s: 5-way 1-shot, 15 queries a class, n = 40 episodes of the glyphs test split, "
        "seed 0, rotations as classes"
    )


def test_the_most_accurate_results_are_kept_and_the_others_counted(make_result):
    results = [make_result(p, learner=f"at-{p}") for p in (0.2, 0.9, 0.5)]

    group = result_groups(results)[0].most_accurate(2)

    assert [result.learner for result in group.results] == ["at-0.9", "at-0.5"]
    assert group.left_out == 1
