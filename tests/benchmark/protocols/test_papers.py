import pytest

from fewbench.benchmark.protocols.listing import OWN
from fewbench.benchmark.protocols.papers import LEGACY


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
        expected[f"liu2019-tieredimagenet-{shape}"] = (
            *(*tiered, *rest, 600, 0, "", False, None, z, free),
        )
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


def test_sources_that_were_wrong_once() -> None:
    lee = LEGACY["lee2019-miniimagenet-5w1s"].sources
    assert lee["n_query"] == "paper, section 4.1"
    assert lee["n_episodes"] == "kjunelee/MetaOptNet test.py: default of --episode"
    assert "eval mode" in lee["transductive"]
    finn = LEGACY["finn2017-omniglot-5w1s"].sources
    assert finn["adaptation_steps"] == "paper, appendix A.1"


def test_only_a_five_shot_preset_speaks_of_five_shots() -> None:
    departures = LEGACY["finn2017-omniglot-5w1s"].departures
    assert not any(one.startswith("5-shot") for one in departures)
    assert departures[-1].startswith("Episodes: ")
