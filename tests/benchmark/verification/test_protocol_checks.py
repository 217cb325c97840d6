from dataclasses import replace

import pytest

from fewbench.benchmark.protocols import catalogue
from fewbench.benchmark.protocols.catalogue import find_protocol
from fewbench.benchmark.protocols.names import name_of_settings
from fewbench.benchmark.verification import protocol_checks
from fewbench.benchmark.verification.protocol_checks import check_episodes, check_name
from fewbench_tests.honest_results import build_honest


def test_a_name_of_nobody_is_not_compared() -> None:
    own = check_name(build_honest(name="my-own"))
    assert own.outcome == "not possible"
    assert "my-own is not a name of the catalogue" in own.detail
    whole = replace(
        build_honest(), protocol=find_protocol("glyphs-5w1s", n_episodes=40)
    )
    assert check_name(whole).outcome == "passed"


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("glyphs-5w1s", {}),
        ("glyphs-5w1s-40ep-on-omniglot", {"dataset": "omniglot", "n_episodes": 40}),
        ("glyphs-5w1s-listed", {"sampling": "listed", "interval": "episodes-t"}),
        ("finn2017-omniglot-5w1s-listed", {"sampling": "listed", "interval": "episodes-t"}),
        ("glyphs-5w1s-seed1-until-0.1pct",
         {"seed": 1, "n_episodes": 777, "interval": "anytime"}),
        ("glyphs-5w1s-disjoint", {"sampling": "disjoint", "interval": "open",
                                  "n_episodes": 23}),
        ("omniglot-5w1s-on-omniglot-nearest-no-rotations",
         {"dataset": "omniglot-nearest", "rotations": False}),
    ],
)  # fmt: skip
def test_names_that_fewbench_gives_fit_their_settings(name, changes) -> None:
    base = find_protocol(name.rsplit("-5w1s", 1)[0] + "-5w1s")
    protocol = replace(base, name=name, **changes)
    assert name_of_settings(protocol) == name


@pytest.mark.parametrize(
    ("name", "changes", "required"),
    [
        ("glyphs-5w1s", {"seed": 12}, "glyphs-5w1s-seed12"),
        ("glyphs-5w1s-seed12", {"seed": 1}, "glyphs-5w1s-seed1"),
        ("glyphs-5w1s-seed1", {"seed": 12}, "glyphs-5w1s-seed12"),
        ("glyphs-5w1s-10way", {}, "glyphs-5w1s"),
        ("glyphs-5w1s-until-0.1pct", {"n_episodes": 50}, "glyphs-5w1s-50ep"),
        ("glyphs-5w1s-legacy-z", {}, "glyphs-5w1s"),
        ("glyphs-5w1s-better", {}, "glyphs-5w1s"),
    ],
)
def test_other_names_do_not(name, changes, required) -> None:
    protocol = replace(find_protocol("glyphs-5w1s"), name=name, **changes)
    assert name_of_settings(protocol) == required


def test_a_long_name_may_be_shortened() -> None:
    name = "glyphs-5w1s-" + "x" * 68
    assert name_of_settings(replace(find_protocol("glyphs-5w1s"), name=name)) is None


def test_more_episodes_than_an_evaluation_makes_are_not_drawn(monkeypatch) -> None:
    monkeypatch.setattr(protocol_checks, "MOST_EPISODES", 39)
    (check,) = check_episodes(build_honest())
    assert check.outcome == "failed"
    assert "at most 39 episodes, got 40" in check.detail
    assert catalogue.MOST_EPISODES > 39
