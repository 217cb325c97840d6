import pytest

from fewbench.benchmark.protocols.catalogue import OWN, PROTOCOLS, find_protocol
from fewbench.benchmark.protocols.draw import protocol_spec
from fewbench.benchmark.protocols.papers import LEGACY
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


def test_the_legacy_presets_are_frozen() -> None:
    """Against the papers' facts as they were collected; none of them is ever edited."""
    cards = {
        name: (
            *(p.dataset, p.split, p.n_way, p.n_shot, p.n_query, p.n_episodes, p.seed),
            "task" if p.task_rotations else "classes" if p.rotations else "",
            *(p.transductive, p.adaptation_steps, p.interval, p.sampling),
        )
        for name, one in LEGACY.items()
        if (p := one.protocol)
    }
    omniglot, mini = ("omniglot", "test"), ("miniimagenet", "test")
    tiered, z = ("tieredimagenet", "test"), "legacy-z"
    free = "independent"
    expected = {
        "finn2017-omniglot-5w1s": (
            *omniglot,
            5,
            1,
            1,
            600,
            0,
            "task",
            True,
            3,
            z,
            free,
        ),
        "finn2017-omniglot-5w5s": (
            *omniglot,
            5,
            5,
            5,
            600,
            0,
            "task",
            True,
            3,
            z,
            free,
        ),
        "finn2017-omniglot-20w1s": (
            *omniglot,
            20,
            1,
            1,
            600,
            0,
            "task",
            True,
            5,
            z,
            free,
        ),
        "finn2017-omniglot-20w5s": (
            *omniglot,
            20,
            5,
            5,
            600,
            0,
            "task",
            True,
            5,
            z,
            free,
        ),
        "finn2017-miniimagenet-5w1s": (*mini, 5, 1, 1, 600, 0, "", True, 10, z, free),
        "finn2017-miniimagenet-5w5s": (*mini, 5, 5, 5, 600, 0, "", True, 10, z, free),
    }
    for way, shot in ((5, 1), (5, 5), (20, 1), (20, 5)):
        shape = f"{way}w{shot}s"
        snell = (
            *omniglot,
            way,
            shot,
            15,
            1000,
            0,
            "classes",
            False,
            None,
            "legacy-z-ddof1",
            free,
        )
        antoniou = (*omniglot, way, shot, 1, 600, 0, "", True, 5, "episodes-t", free)
        expected |= {f"snell2017-omniglot-{shape}": snell}
        expected |= {f"antoniou2019-omniglot-{shape}": antoniou}
    for shot in (1, 5):
        shape, rest = f"5w{shot}s", (5, shot, 15)
        expected |= {
            f"snell2017-miniimagenet-{shape}": (
                *(*mini, *rest, 600, 0, "", False, None, "legacy-z-ddof1", free),
            ),
            f"chen2019-miniimagenet-{shape}": (
                *mini,
                *rest,
                600,
                0,
                "",
                False,
                5,
                z,
                free,
            ),
            f"antoniou2019-miniimagenet-{shape}": (
                *(*mini, *rest, 600, 0, "", True, 5, "episodes-t", free),
            ),
        }
        for dataset in (mini, tiered):
            lee = (*dataset, *rest, 1000, 0, "", False, None, "legacy-z-n1", free)
            expected |= {f"lee2019-{dataset[0]}-{shape}": lee}
    assert cards == expected


@pytest.mark.parametrize("name", LEGACY)
def test_a_preset_says_where_its_facts_were_read(name: str) -> None:
    """Everything that differs from the suite's own protocols has its source."""
    preset = LEGACY[name]
    assert {"split", "n_query", "n_episodes", "interval"} <= preset.sources.keys()
    if preset.protocol.adaptation_steps:
        assert preset.sources["adaptation_steps"]
    if preset.protocol.task_rotations:
        assert preset.sources["task_rotations"]
    if preset.protocol.transductive:
        assert preset.sources["transductive"]
    own = OWN.get(name.partition("-")[2])
    assert own is None or (own.dataset, own.n_way, own.n_shot) == (
        *(preset.protocol.dataset, preset.protocol.n_way, preset.protocol.n_shot),
    )
    assert any("stream of seed 0" in one for one in preset.departures)
    assert ("5-shot:" in " ".join(preset.departures)) == (
        "finn2017-omniglot" in name and preset.protocol.n_shot == 5
    )


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
    with pytest.raises(DataError, match="Did you mean 'omniglot-5w1s'"):
        find_protocol("omniglot-5w1")
    with pytest.raises(DataError, match="unknown dataset 'Omniglot'"):
        find_protocol("omniglot-5w1s", dataset="Omniglot")
