import csv
from dataclasses import replace
from importlib.resources import files

import pytest

from fewbench.baselines.families import BASELINES
from fewbench.benchmark.published_numbers import parse_published, published_numbers
from fewbench.datasets import BUILDERS
from fewbench.reports.published import pairs_beside
from fewbench.reports.records import ResultError
from fewbench_tests.published_rows import find, omniglot

HEADER = (
    "id,method,variant,reference,dataset,split,way,shot,accuracy,transductive,backbone,source,"
    "url,left_out"
)
LINE = "x,M,v,yes,omniglot,vinyals,5,1,98.5,no,conv4-64,Somebody 2020,https://x.org,"


def test_every_line_is_read_and_none_is_named_twice():
    text = (
        files("fewbench.benchmark")
        .joinpath("published.csv")
        .read_text(encoding="utf-8")
    )
    rows = list(csv.DictReader(text.splitlines()))

    numbers = published_numbers()

    assert len(numbers) == len(rows) == 260
    assert len({one.id for one in numbers}) == 260
    assert all(one.source and one.url.startswith("https://") for one in numbers)


def test_the_mapping_names_only_what_there_is():
    assert {one.learner for one in published_numbers()} == {"", *BASELINES}
    assert {one.dataset for one in published_numbers()} <= set(BUILDERS)


@pytest.mark.parametrize(
    ("fields", "accuracy"),
    [
        ({"learner": "protonet", "dataset": "omniglot", "way": 5, "shot": 1}, 98.8),
        ({"learner": "protonet", "dataset": "omniglot", "way": 20, "shot": 5}, 98.9),
        ({"learner": "maml", "dataset": "miniimagenet", "way": 5, "shot": 1}, 48.7),
        ({"learner": "fomaml", "dataset": "miniimagenet", "way": 5, "shot": 5}, 63.15),
    ],
)
def test_the_reference_of_a_cell_is_the_number_of_its_paper(fields, accuracy):
    assert accuracy in [one.accuracy for one in find(**fields, reference=True)]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("98.5", "985", "line 2: accuracy"),
        ("98.5", "", "line 2: accuracy"),
        ("omniglot,vinyals,5", "omniglot,vinyals,five", "line 2: way"),
        ("no,conv4", "perhaps,conv4", "line 2: transductive"),
        ("x.org,", "x.org,,more", "line 2"),
        ("x.org,", "x.org,perhaps", "line 2: left_out"),
        ("98.5", "nan", "line 2: accuracy"),
    ],
)
def test_a_line_that_is_not_valid_is_refused_by_its_number(old, new, told):
    parse_published(f"{HEADER}\n{LINE}\n")

    with pytest.raises(ResultError, match=told):
        parse_published(f"{HEADER}\n{LINE.replace(old, new)}\n")


def test_what_a_source_does_not_say_is_none():
    (one,) = parse_published(
        f"{HEADER}\n{LINE.replace(',no,conv4', ',unknown,conv4')}\n"
    )

    assert one.transductive is None
    assert one.half_width is one.query is one.n_episodes is None


def test_only_the_same_method_dataset_way_and_shot_are_laid_beside(make_result):
    results = [
        omniglot(make_result),
        omniglot(make_result, learner="mine"),
        omniglot(make_result, name="omniglot-5w1s-val", split="val"),
        make_result(),
    ]

    pairs = pairs_beside(results, published_numbers())

    assert {id(pair.result) for pair in pairs} == {id(results[0])}
    assert pairs[0].published.reference
    for pair in pairs:
        theirs = pair.published
        assert (theirs.learner, theirs.dataset) == ("protonet", "omniglot")
        assert (theirs.way, theirs.shot) == (5, 1)


def test_only_an_interval_over_episodes_counts_as_an_error():
    for one in published_numbers():
        assert (one.half_width_is is None) == (one.half_width is None)
    assert find(id="maml-finn17-omni-5w1s")[0].error == 0.004
    spreads = find(half_width_is="seeds")
    assert spreads
    assert all(one.error is None for one in spreads)


def test_another_name_or_backend_of_a_recipe_is_the_same_method(make_result):
    result = omniglot(
        make_result, learner="protonet-learn2learn", recipe={"learner": "protonet"}
    )

    assert pairs_beside([result], published_numbers())


@pytest.mark.parametrize(
    ("accuracy", "verdict"),
    [(0.988, "reproduced"), (0.9, "not reproduced"), (0.978, "undecided")],
)
def test_the_verdict_follows_the_margin(make_result, accuracy, verdict):
    result = omniglot(make_result, accuracy)
    (snell,) = find(
        learner="protonet", dataset="omniglot", way=5, shot=1, reference=True
    )
    exact = replace(
        snell, accuracy=100 * accuracy + 1 if verdict == "undecided" else 98.8
    )

    (pair,) = pairs_beside([result], [exact])

    assert pair.verdict == verdict
    assert pair.difference == pytest.approx(result.mean - exact.accuracy / 100)


def test_a_single_episode_leaves_the_verdict_undecided(make_result):
    pairs = pairs_beside([omniglot(make_result, n_episodes=1)], published_numbers())

    assert {pair.verdict for pair in pairs} == {"undecided"}


def test_numbers_without_a_source_stay_in_the_file_but_not_in_tables(make_result):
    theirs = find(id="protonet-snell17-omni-5w1s")[0]
    for reason in ("recalled", "source not found", "withdrawn"):
        assert find(left_out=reason)
        left_out = replace(theirs, left_out=reason)
        assert pairs_beside([omniglot(make_result)], [left_out]) == []
    shots = [
        make_result(n_shot=shot, dataset="miniimagenet", recipe={"learner": learner})
        for shot in (1, 5)
        for learner in BASELINES
    ]
    shown = {
        pair.published.left_out for pair in pairs_beside(shots, published_numbers())
    }
    assert shown == {""}


@pytest.mark.parametrize(
    ("left_out", "count"), [("recalled", 11), ("source not found", 8), ("withdrawn", 8)]
)
def test_what_is_left_out_is_counted(left_out, count):
    assert len(find(left_out=left_out)) == count


@pytest.mark.parametrize(
    ("id_", "accuracy", "half_width"),
    [
        ("mamlpp-omni-5w5s", 99.93, None),
        ("boil-boil21-mini-5w1s-paper", 49.61, 0.16),
        ("boil-boil21-mini-5w5s-paper", 66.45, 0.37),
    ],
)
def test_numbers_that_were_wrong_once(id_, accuracy, half_width):
    (one,) = find(id=id_)
    assert (one.accuracy, one.half_width, one.left_out) == (accuracy, half_width, "")
    assert one.error is None


def test_an_interval_over_episodes_fits_its_number_of_queries():
    """No mean of n episodes is known better than answers drawn one by one would allow.

    Answers that depend on each other spread more, up to twice or so. A smaller spread is
    possible near chance, where a learner may give all queries one label.
    """
    for one in published_numbers():
        if not (one.error and one.query and one.n_episodes) or one.left_out:
            continue
        assert one.half_width is not None
        p = one.accuracy / 100
        drawn_one_by_one = (p * (1 - p) / (one.way * one.query)) ** 0.5
        rounding = 0.0005 if one.half_width == round(one.half_width, 1) else 0.00005
        low, high = one.error - rounding, one.error + rounding
        episodes = one.n_episodes**0.5 / 1.96
        at_chance = p < 1.5 / one.way
        assert at_chance or high * episodes > 0.97 * drawn_one_by_one, one.id
        assert low * episodes < 2.3 * drawn_one_by_one, one.id


def test_only_the_same_network_is_laid_beside(make_result):
    def networks(backbone):
        result = omniglot(make_result, backbone=backbone)
        pairs = pairs_beside([result], published_numbers())
        return {pair.published.network for pair in pairs}

    assert networks("conv4-64") == {"conv4-64"}
    assert networks("conv4-32") == networks("") == networks("MyNet") == set()


def test_a_network_of_unstated_width_is_named(make_result):
    theirs = replace(find(id="protonet-snell17-omni-5w1s")[0], network="conv4")
    (pair,) = pairs_beside([omniglot(make_result, rotations=True)], [theirs])
    assert pair.differs_in == ("width of the conv4 unstated, ours conv4-64",)


def test_a_dataset_may_have_a_hyphen_in_its_name(make_result):
    theirs = find(id="protonet-snell17-omni-5w1s")[0]
    leaves = replace(theirs, dataset="plant-leaves", split="a", our_split="a")

    (own,) = pairs_beside([omniglot(make_result, dataset="plant-leaves")], [leaves])
    variant = omniglot(make_result, dataset="plant-leaves-nearest")
    (varied,) = pairs_beside([variant], [leaves])
    large = omniglot(make_result, dataset="plant-leaves-nearest@224")
    (enlarged,) = pairs_beside([large], [leaves])

    assert not any(told.startswith(("split", "ours on")) for told in own.differs_in)
    assert "ours on plant-leaves-nearest" in varied.differs_in
    assert "ours on plant-leaves-nearest@224" in enlarged.differs_in
    assert pairs_beside([omniglot(make_result, dataset="plant")], [leaves]) == []
