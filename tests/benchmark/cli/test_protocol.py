"""The protocol commands as a user meets them."""

import json
from pathlib import Path


def test_protocol_commands(run, tmp_path: Path) -> None:
    assert "omniglot-20w5s" in run("protocol", "list").stdout
    assert json.loads(run("protocol", "show", "omniglot-5w1s", "--json").stdout)[
        "rotations"
    ]
    done = run("protocol", "export", "glyphs-5w1s", "--out", "e.npz", "--json")
    assert json.loads(done.stdout)["bytes"] == (tmp_path / "e.npz").stat().st_size


def test_protocols_are_listed_by_kind(run) -> None:
    every = json.loads(run("protocol", "list", "--json").stdout)
    own = json.loads(run("protocol", "list", "--kind", "own", "--json").stdout)
    legacy = json.loads(run("protocol", "list", "--kind", "legacy", "--json").stdout)
    assert every == own | legacy
    assert len(own) == 16
    assert {card["kind"] for card in legacy.values()} == {"legacy"}
    assert "by task" in run("protocol", "list").stdout


def test_a_legacy_protocol_is_shown_with_its_sources_and_departures(run) -> None:
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


def test_a_file_is_replaced_on_request(run, tmp_path: Path) -> None:
    (tmp_path / "e.npz").write_text("")
    command = ("protocol", "export", "glyphs-5w1s", "--episodes", "4", "--out", "e.npz")
    assert "e.npz: exists already" in run(*command, code=2).stderr
    assert "sha256 of the content" in run(*command, "--overwrite").stdout
