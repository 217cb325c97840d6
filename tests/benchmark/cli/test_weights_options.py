"""Weights that others trained, from a file to a result, as a user types it."""

import json
from pathlib import Path

import pytest

from fewbench_tests import foreign_weights as foreign

STATE = foreign.renamed(foreign.trained_state(), "{2}.", "{3}.")
CONV4 = ("--backbone", "conv4", "--width", "4")
PROTOCOL = ("--protocol", "glyphs-5w1s")
BRIEF = (*PROTOCOL, "--episodes", "20", "--out", "r")


@pytest.fixture
def net(tmp_path: Path) -> str:
    foreign.save_torch(STATE, tmp_path / "net.pt")
    return "weights:net.pt"


def test_a_file_becomes_a_result(net: str, run, tmp_path: Path) -> None:
    done = run("evaluate", net, *CONV4, "--invert", *BRIEF)

    table = [line.split() for line in done.stderr.splitlines()]
    assert ["3.0.weight", "12.weight", "4", "x", "4", "x", "3", "x", "3"] in table
    (path,) = (tmp_path / "r").glob("*.json")
    document = json.loads(path.read_text())
    content = document["content"]["header"]
    assert content["learner"] == "protonet-net"
    assert content["weights"]["origin"] == "the file net.pt, matched by layers"
    assert content["recipe"]["weights_file"] == "net.pt"
    assert content["preparation"]["invert"] is True
    assert document["run"]["checkpoint_sha256"] in done.stderr


def test_its_result_can_be_verified_and_the_learner_probed(net: str, run) -> None:
    run("evaluate", net, *CONV4, *BRIEF)
    verified = run("verify", "r", "--checkpoint", net, "--json").stdout
    outcomes = {
        check["what"]: check["outcome"]
        for check in json.loads(verified)["results"][0]["checks"]
    }
    assert outcomes["the learner"] == "passed"
    assert outcomes["the predictions, replayed"] == "passed"
    probed = json.loads(run("probe", net, *CONV4, *PROTOCOL, "--json").stdout)
    assert probed["transductive"] is False


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("weights:net.pt",), "Add for example --backbone conv4"),
        (("weights:net.pt", "--backbone", "conv4"), "Type --width 4"),
        (("weights:none.pt", *CONV4), "none.pt: no such file"),
        (("centroid", "--head", "maml"), "have an effect on weights:FILE alone"),
        (("weights:net.pt", *CONV4, "--features", "0"), "Omit --features"),
        (("weights:net.pt", *CONV4, "--head", "maml"), "--set inner_lr=0.05"),
    ],
)
def test_a_mistake_gets_a_line_with_advice(
    arguments: tuple[str, ...], words: str, net: str, run
) -> None:
    done = run("evaluate", *arguments, *BRIEF, code=2)

    assert words in " ".join(done.stderr.split())
    assert not Path("r").exists()
