import pytest

from fewbench.benchmark.protocols.catalogue import (
    OWN,
    PROTOCOLS,
    check_episodes,
    find_protocol,
)
from fewbench.benchmark.protocols.draw import protocol_spec
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
    assert (
        find_protocol("omniglot-5w1s", n_episodes=10_000) is PROTOCOLS["omniglot-5w1s"]
    )


def test_an_unknown_protocol_gets_the_nearest() -> None:
    with pytest.raises(DataError, match="Did you mean 'omniglot-5w1s'") as raised:
        find_protocol("omniglot-5w1")
    assert "fewbench protocol list" in str(raised.value)
    assert str(raised.value).count("w") < 20  # not all 40 of them
    with pytest.raises(DataError, match="unknown dataset 'Omniglot'"):
        find_protocol("omniglot-5w1s", dataset="Omniglot")


def test_more_episodes_than_memory_holds_are_refused() -> None:
    check_episodes(1_000_000)
    check_episodes(None)
    with pytest.raises(DataError, match="at most 1,000,000.*got 1,000,001"):
        check_episodes(1_000_001)
