"""evaluate as a user meets it, wrong input too."""

import json
import re
from pathlib import Path

import pytest

CENTROID = ("evaluate", "centroid", "--out", "r", "--json")


PROTOCOL = ("--protocol", "glyphs-5w1s")


def test_a_result_is_replaced_on_request(run) -> None:
    brief = (
        "evaluate",
        "centroid",
        "--protocol",
        "glyphs-5w1s",
        "--episodes",
        "20",
        "--out",
        "r",
    )
    run(*brief)
    run(*brief, "--overwrite")


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
    assert "expected glyphs-5w1s-300ep, whose episodes" in " ".join(
        wrong.stderr.split()
    )
    content = bytearray((tmp_path / "e.npz").read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "e.npz").write_bytes(content)
    wrong = run(*CENTROID, "--episodes", "e.npz", "--overwrite", code=2)
    assert "e.npz: not an episode file" in wrong.stderr


def test_disjoint_episodes_have_an_open_interval(run) -> None:
    answer = json.loads(run(*CENTROID, *PROTOCOL, "--disjoint").stdout)
    assert answer["protocol"] == "glyphs-5w1s-disjoint"
    assert (answer["kind"], answer["n_episodes"]) == ("open", 23)
    done = run(*CENTROID, *PROTOCOL, "--disjoint", "--episodes", "24", code=2)
    assert "at most 23" in done.stderr


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
        r"not the wanted 0.1 %, which may take about ([\d,]+)00 episodes. ", done.stdout
    )
    assert needed
    assert int(needed[1].replace(",", "")) > 260  # some 100,000 episodes, in hundreds
    assert (tmp_path / "s" / "glyphs-5w1s-until-0.1pct__centroid__seed0.npz").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "--protocol: is missing, and --episodes is not a file"),
        ((*PROTOCOL, "--episodes", "nowhere.npz"), "neither a number nor a file"),
        ((*PROTOCOL, "--episodes", "1"), "at least 2, got 1"),
        ((*PROTOCOL, "--episodes", "-5"), "neither a number nor a file"),
        (
            (*PROTOCOL, "--until-half-width", "thin"),
            "got 'thin'. Type for example 0.1%",
        ),
        ((*PROTOCOL, "--until-half-width", "0.1"), "Type 0.1% for 0.1 points"),
        ((*PROTOCOL, "--until-half-width", "0"), "above 0 and below 100 %"),
        ((*PROTOCOL, "--until-half-width", "90%"), "above 0 and below 50 %"),
        (
            (*PROTOCOL, "--until-half-width", "1%", "--disjoint"),
            "got disjoint episodes",
        ),
        (("--episodes", "file", "--disjoint"), "the file fixes the episodes"),
        (("--episodes", "file"), "cannot be read"),
    ],
)
def test_a_mistake_gets_a_sentence(
    run, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    (tmp_path / "file").write_text("nothing of the kind")
    done = run(*CENTROID, *arguments, code=2)
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    # CENTROID asks for --json.
    document = json.loads(done.stdout)
    assert done.stderr == f"error: {document['error']}\n"
    assert not (tmp_path / "r").exists()
