from dataclasses import asdict, replace
from typing import Any

import pytest

from fewbench.benchmark.protocols.catalogue import (
    OWN,
    PROTOCOLS,
    base_name,
    check_episodes,
    find_protocol,
    named_by_changes,
    with_fitting_name,
)
from fewbench.benchmark.protocols.drawing import protocol_spec
from fewbench.datasets import BUILDERS
from fewbench.datasets.info import DataError


def test_the_catalogue_is_frozen() -> None:
    """A protocol that was published is never edited: add a new name instead."""
    shapes = {
        name: (
            p.dataset,
            p.split,
            p.n_way,
            p.n_shot,
            p.n_query,
            p.n_episodes,
            p.seed,
            p.rotations,
        )
        for name, p in OWN.items()
    }
    assert shapes == {
        "glyphs-5w1s": ("glyphs", "test", 5, 1, 15, 10_000, 0, False),
        "glyphs-5w5s": ("glyphs", "test", 5, 5, 15, 10_000, 0, False),
        "glyphs-20w1s": ("glyphs", "test", 20, 1, 15, 10_000, 0, False),
        "glyphs-20w5s": ("glyphs", "test", 20, 5, 15, 10_000, 0, False),
        "omniglot-5w1s": ("omniglot", "test", 5, 1, 15, 10_000, 0, True),
        "omniglot-5w5s": ("omniglot", "test", 5, 5, 15, 10_000, 0, True),
        "omniglot-20w1s": ("omniglot", "test", 20, 1, 15, 10_000, 0, True),
        "omniglot-20w5s": ("omniglot", "test", 20, 5, 15, 10_000, 0, True),
        "miniimagenet-5w1s": ("miniimagenet", "test", 5, 1, 15, 10_000, 0, False),
        "miniimagenet-5w5s": ("miniimagenet", "test", 5, 5, 15, 10_000, 0, False),
        "miniimagenet-20w1s": ("miniimagenet", "test", 20, 1, 15, 10_000, 0, False),
        "miniimagenet-20w5s": ("miniimagenet", "test", 20, 5, 15, 10_000, 0, False),
        "tieredimagenet-5w1s": ("tieredimagenet", "test", 5, 1, 15, 10_000, 0, False),
        "tieredimagenet-5w5s": ("tieredimagenet", "test", 5, 5, 15, 10_000, 0, False),
        "tieredimagenet-20w1s": ("tieredimagenet", "test", 20, 1, 15, 10_000, 0, False),
        "tieredimagenet-20w5s": ("tieredimagenet", "test", 20, 5, 15, 10_000, 0, False),
    }
    for protocol in OWN.values():
        assert not protocol.transductive
        assert (protocol.interval, protocol.sampling) == ("episodes-t", "independent")
        assert not protocol.task_rotations
        assert protocol.adaptation_steps is None


@pytest.mark.parametrize("name", PROTOCOLS)
def test_every_protocol_fits_its_dataset(name: str) -> None:
    protocol = PROTOCOLS[name]
    counts = BUILDERS[protocol.dataset].splits[protocol.split]
    assert protocol.n_way <= counts.n_classes
    assert (
        protocol_spec(protocol).images_per_class <= counts.n_images / counts.n_classes
    )


def test_what_departs_from_a_protocol_shows_in_its_name() -> None:
    assert find_protocol("omniglot-5w1s").name == "omniglot-5w1s"
    short = find_protocol("omniglot-5w1s", n_episodes=1000)
    assert (short.name, short.n_episodes) == ("omniglot-5w1s-1000ep", 1000)
    other = find_protocol("omniglot-5w1s", dataset="omniglot-nearest", n_episodes=7)
    assert (other.name, other.dataset) == (
        "omniglot-5w1s-on-omniglot-nearest-7ep",
        "omniglot-nearest",
    )
    disjoint = find_protocol("omniglot-5w1s", disjoint=True)
    assert (disjoint.name, disjoint.sampling) == ("omniglot-5w1s-disjoint", "disjoint")
    assert disjoint.interval == "open"
    few = find_protocol("omniglot-5w1s", disjoint=True, n_episodes=9)
    assert (few.name, few.n_episodes) == ("omniglot-5w1s-disjoint-9ep", 9)
    same = find_protocol("omniglot-5w1s", n_episodes=10_000, way=5, seed=0)
    assert same == PROTOCOLS["omniglot-5w1s"]


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"way": 2, "seed": 7}, "glyphs-5w1s-2way-seed7"),
        ({"shot": 3, "query": 4}, "glyphs-5w1s-3shot-4query"),
        ({"split": "val", "n_episodes": 9}, "glyphs-5w1s-val-9ep"),
        ({"query": 2, "disjoint": True}, "glyphs-5w1s-2query-disjoint"),
    ],
)
def test_a_varied_protocol_says_in_its_name_what_differs(
    changes: dict[str, Any], name: str
) -> None:
    assert find_protocol("glyphs-5w1s", **changes).name == name


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"n_way": 2, "seed": 7}, "glyphs-5w1s-2way-seed7"),
        ({"rotations": True}, "glyphs-5w1s-rotations"),
        ({"task_rotations": True}, "glyphs-5w1s-task-rotations"),
        ({"transductive": True}, "glyphs-5w1s-transductive"),
        ({"adaptation_steps": 3}, "glyphs-5w1s-3steps"),
        ({"interval": "legacy-z"}, "glyphs-5w1s-legacy-z"),
        ({"dataset": "leaves"}, "glyphs-5w1s-on-leaves"),
        ({"name": "glyphs-5w1s-99ep"}, "glyphs-5w1s"),
        ({"name": "my-own", "n_way": 2}, "my-own"),
    ],
)
def test_a_protocol_changed_by_hand_does_not_keep_a_published_name(
    changes: dict[str, Any], name: str
) -> None:
    protocol = replace(PROTOCOLS["glyphs-5w1s"], **changes)
    named = named_by_changes(protocol)
    assert named.name == name
    assert replace(named, name=protocol.name) == protocol
    assert named_by_changes(named) == named


def test_every_field_of_a_protocol_can_show_in_its_name() -> None:
    fields = set(asdict(PROTOCOLS["glyphs-5w1s"])) - {"name"}
    changed = {
        "dataset": "other", "split": "val", "n_way": 9, "n_shot": 9, "n_query": 9,
        "n_episodes": 9, "seed": 9, "rotations": True, "transductive": True,
        "task_rotations": True, "sampling": "listed", "adaptation_steps": 9,
        "interval": "anytime",
    }  # fmt: skip
    assert set(changed) == fields
    for field, value in changed.items():
        one = replace(PROTOCOLS["glyphs-5w1s"], **{field: value})
        assert named_by_changes(one).name != "glyphs-5w1s", field


@pytest.mark.parametrize(
    "changes", [{"way": 1}, {"shot": 0}, {"query": -1}, {"seed": -1}, {"way": 300}]
)
def test_values_out_of_range_get_a_sentence(changes: dict[str, Any]) -> None:
    with pytest.raises(
        DataError, match=r"glyphs-5w1s: cannot be varied like this: (--|seed)"
    ):
        find_protocol("glyphs-5w1s", **changes)


def test_an_unknown_protocol_gets_the_nearest() -> None:
    with pytest.raises(DataError, match="Did you mean 'omniglot-5w1s'") as raised:
        find_protocol("omniglot-5w1")
    assert "fewbench protocol list" in str(raised.value)
    assert str(raised.value).count("w") < 20  # not all 40 of them
    with pytest.raises(DataError, match="unknown dataset 'Omniglot'"):
        find_protocol("omniglot-5w1s", dataset="Omniglot")


def test_a_name_that_does_not_fit_is_replaced() -> None:
    protocol = find_protocol("glyphs-5w1s", n_episodes=9)
    assert with_fitting_name(protocol) == protocol
    wrong = replace(protocol, name="glyphs-5w1s")
    assert with_fitting_name(wrong) == protocol
    own = replace(protocol, name="my-own")
    assert with_fitting_name(own) == own
    assert (base_name(protocol), base_name(own)) == ("glyphs-5w1s", None)


def test_more_episodes_than_memory_holds_are_refused() -> None:
    check_episodes(1_000_000)
    check_episodes(None)
    with pytest.raises(DataError, match="at most 1,000,000.*got 1,000,001"):
        check_episodes(1_000_001)
