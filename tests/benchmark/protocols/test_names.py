from dataclasses import asdict, replace
from typing import Any

import pytest

from fewbench.benchmark.protocols.catalogue import find_protocol
from fewbench.benchmark.protocols.listing import PROTOCOLS, protocol_on_added
from fewbench.benchmark.protocols.names import (
    base_name,
    named_by_changes,
    with_fitting_name,
)
from fewbench.datasets.info import DataError


def test_what_departs_from_a_protocol_shows_in_its_name() -> None:
    assert find_protocol("omniglot-5w1s").name == "omniglot-5w1s"
    short = find_protocol("omniglot-5w1s", n_episodes=1000)
    assert (short.name, short.n_episodes) == ("omniglot-5w1s-1000ep", 1000)
    other = find_protocol("omniglot-5w1s", dataset="omniglot-nearest", n_episodes=7)
    assert (other.name, other.dataset) == (
        "omniglot-5w1s-on-omniglot-nearest-7ep",
        "omniglot-nearest",
    )
    large = find_protocol("omniglot-5w1s", dataset="omniglot@105")
    assert large.name == "omniglot-5w1s-on-omniglot@105"
    assert large.rotations
    disjoint = find_protocol("omniglot-5w1s", disjoint=True)
    assert (disjoint.name, disjoint.sampling) == ("omniglot-5w1s-disjoint", "disjoint")
    assert disjoint.interval == "open"
    few = find_protocol("omniglot-5w1s", disjoint=True, n_episodes=9)
    assert (few.name, few.n_episodes) == ("omniglot-5w1s-disjoint-9ep", 9)
    same = find_protocol("omniglot-5w1s", n_episodes=10_000, way=5, seed=0)
    assert same == PROTOCOLS["omniglot-5w1s"]


def test_a_size_in_the_name_of_a_protocol_means_the_dataset_of_this_size() -> None:
    short = find_protocol("omniglot@105-5w1s", n_episodes=7)
    assert short == find_protocol("omniglot-5w1s", dataset="omniglot@105", n_episodes=7)
    assert with_fitting_name(short) == short
    assert base_name(short) == "omniglot-5w1s"
    paper = find_protocol("snell2017-miniimagenet@224-5w1s")
    assert paper.name == "snell2017-miniimagenet-5w1s-on-miniimagenet@224"
    with pytest.raises(DataError, match="glyphs: cannot be built at 56 x 56 pixels"):
        find_protocol("glyphs@56-5w1s")
    with pytest.raises(DataError, match="unknown protocol 'leaves@56-5w1s'"):
        find_protocol("leaves@56-5w1s")


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


def test_a_name_that_does_not_fit_is_replaced() -> None:
    protocol = find_protocol("glyphs-5w1s", n_episodes=9)
    assert with_fitting_name(protocol) == protocol
    wrong = replace(protocol, name="glyphs-5w1s")
    assert with_fitting_name(wrong) == protocol
    own = replace(protocol, name="my-own")
    assert with_fitting_name(own) == own
    assert (base_name(protocol), base_name(own)) == ("glyphs-5w1s", None)


def test_changes_of_a_protocol_on_own_images_show_too() -> None:
    protocol = protocol_on_added("mine-5w1s")
    assert protocol is not None
    assert named_by_changes(protocol) == protocol
    changed = replace(protocol, n_query=3, split="val")
    assert named_by_changes(changed).name == "mine-5w1s-val-3query"
    assert with_fitting_name(named_by_changes(changed)).name == "mine-5w1s-val-3query"
    # It is in nobody else's catalogue.
    assert base_name(protocol) is None


def test_the_longest_names_of_datasets_fit() -> None:
    protocol = replace(find_protocol("glyphs-5w1s"), dataset=80 * "y", seed=2**64 - 1)
    assert len(named_by_changes(protocol).name) == 80
