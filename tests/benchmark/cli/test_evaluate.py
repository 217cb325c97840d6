"""fewbench evaluate and protocol as a user meets them: real processes, wrong input."""

import json
import re
from pathlib import Path

import pytest

CENTROID = ("evaluate", "centroid", "--out", "r", "--json")
PROTOCOL = ("--protocol", "glyphs-5w1s")


def test_an_exported_list_is_evaluated_to_the_same_column(run, tmp_path: Path) -> None:
    exported = json.loads(
        run(
            "protocol",
            "export",
            "glyphs-5w1s",
            "--episodes",
            "300",
            "--out",
            "e.npz",
            "--json",
        ).stdout
    )
    assert exported["bytes"] == (tmp_path / "e.npz").stat().st_size
    drawn = run(*CENTROID, *PROTOCOL, "--episodes", "300").stdout
    listed = run(*CENTROID, "--episodes", "e.npz", "--overwrite").stdout
    one, other = json.loads(drawn), json.loads(listed)
    assert one["protocol"] == other["protocol"] == "glyphs-5w1s-300ep"
    assert one["episodes_fingerprint"] == other["episodes_fingerprint"]
    assert one["mean"] == other["mean"]

    wrong = run(*CENTROID, "--protocol", "glyphs-5w5s", "--episodes", "e.npz", code=2)
    assert "holds the episodes of glyphs-5w1s-300ep" in " ".join(wrong.stderr.split())
    content = bytearray((tmp_path / "e.npz").read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "e.npz").write_bytes(content)
    wrong = run(*CENTROID, "--episodes", "e.npz", "--overwrite", code=2)
    assert "not an episode file as it was written" in wrong.stderr


def test_disjoint_episodes_have_an_open_interval(run) -> None:
    answer = json.loads(run(*CENTROID, *PROTOCOL, "--disjoint").stdout)
    assert answer["protocol"] == "glyphs-5w1s-disjoint"
    assert (answer["kind"], answer["n_episodes"]) == ("open", 23)
    done = run(*CENTROID, *PROTOCOL, "--disjoint", "--episodes", "24", code=2)
    assert "has 23 episodes" in done.stderr


def test_an_evaluation_stops_at_the_wanted_half_width(run, tmp_path: Path) -> None:
    answer = json.loads(run(*CENTROID, *PROTOCOL, "--until-half-width", "2%").stdout)
    assert answer["protocol"] == "glyphs-5w1s-until-2pct"
    assert answer["kind"] == "anytime"
    assert answer["half_width"] <= 0.02
    assert answer["reached"]
    again = run(*CENTROID, *PROTOCOL, "--until-half-width", "0.02", code=2)
    assert "there is a result of this name already" in again.stderr
    short = ("--until-half-width", "0.1%", "--episodes", "260")
    done = run("evaluate", "centroid", *PROTOCOL, *short, "--out", "s", code=1)
    assert "stopped after 260 episodes" in done.stdout
    needed = re.search(
        r"not the wanted 0.1 %, which may take some ([\d,]+)00: ", done.stdout
    )
    assert needed
    assert int(needed[1].replace(",", "")) > 260  # some 100,000 episodes, in hundreds
    assert (tmp_path / "s" / "glyphs-5w1s-until-0.1pct__centroid__seed0.npz").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "Invalid value for --protocol: needed, unless --episodes is a file"),
        ((*PROTOCOL, "--episodes", "nowhere.npz"), "neither a number nor a file"),
        ((*PROTOCOL, "--episodes", "1"), "at least 2"),
        ((*PROTOCOL, "--episodes", "-5"), "neither a number nor a file"),
        ((*PROTOCOL, "--until-half-width", "thin"), "like 0.1% or 0.001; got 'thin'"),
        ((*PROTOCOL, "--until-half-width", "0.1"), "Type 0.1% for 0.1 points"),
        ((*PROTOCOL, "--until-half-width", "0"), "above 0 and below 100 %"),
        ((*PROTOCOL, "--until-half-width", "90%"), "above 0 and below 50 %"),
        ((*PROTOCOL, "--until-half-width", "1%", "--disjoint"), "have an end"),
        (("--episodes", "file", "--disjoint"), "a file says which episodes"),
        (("--episodes", "file"), "cannot be read"),
    ],
)
def test_a_mistake_gets_a_sentence(
    run, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    (tmp_path / "file").write_text("nothing of the kind")
    done = run(*CENTROID, *arguments, code=2)
    words = " ".join(done.stderr.replace("│", " ").split())
    assert message in words
    assert done.stdout == ""
    assert not (tmp_path / "r").exists()


def test_protocols_are_listed_by_kind(run) -> None:
    every = json.loads(run("protocol", "list", "--json").stdout)
    own = json.loads(run("protocol", "list", "--kind", "own", "--json").stdout)
    legacy = json.loads(run("protocol", "list", "--kind", "legacy", "--json").stdout)
    assert every == own | legacy
    assert len(own) == 16
    assert {card["kind"] for card in legacy.values()} == {"legacy"}
    assert "by task" in run("protocol", "list").stdout


def test_a_legacy_card_is_shown_with_its_sources_and_departures(run) -> None:
    text = run("protocol", "show", "finn2017-omniglot-5w1s").stdout
    assert "cbfinn/maml main.py:199-201" in text
    assert "departures from the paper:\n- Split: " in text
    card = json.loads(
        run("protocol", "show", "finn2017-omniglot-5w1s", "--json").stdout
    )
    assert card["task_rotations"]
    assert card["sources"]["n_query"].startswith("cbfinn/maml")
    assert len(card["departures"]) == 3
    own = json.loads(run("protocol", "show", "omniglot-5w1s", "--json").stdout)
    assert own["kind"] == "own"
