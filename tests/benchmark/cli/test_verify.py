import json
from dataclasses import replace
from pathlib import Path

import pytest

from fewbench.reports.result_files import save_result
from fewbench_tests.honest_results import build_honest

HONEST = build_honest()


def test_a_table_of_checks_is_printed(run, tmp_path: Path) -> None:
    save_result(HONEST, tmp_path / "results")
    done = run("verify", "results")
    assert (
        "results/glyphs-5w1s-40ep__protonet__seed0.json: no check failed" in done.stdout
    )
    assert "not possible  the learner" in done.stdout
    both = run("verify", "results/glyphs-5w1s-40ep__protonet__seed0.npz")
    assert both.stdout.replace("\n", "") in done.stdout.replace("\n", "")


@pytest.mark.parametrize("as_json", [False, True])
def test_a_forgery_ends_with_code_1(run, tmp_path: Path, as_json: bool) -> None:
    save_result(HONEST, tmp_path)
    save_result(replace(HONEST, episodes_fingerprint="x", train_seed=1), tmp_path)
    options = ("--json",) if as_json else ()
    done = run("verify", ".", *options, code=1)
    if as_json:
        document = json.loads(done.stdout)
        assert document["passed"] is False
        assert [one["passed"] for one in document["results"]] == [True, False]
        checks = document["results"][1]["checks"]
        failed = [one for one in checks if one["outcome"] == "failed"]
        assert [one["what"] for one in failed] == ["the episodes"]
    else:
        assert "seed1.json: FAILED" in done.stdout
        assert "failed        the episodes" in done.stdout
        assert done.stdout.endswith("1 of 2 results passed\n")


@pytest.mark.parametrize(
    ("path", "complaint"),
    [
        ("nowhere.json", "nowhere.json: no such result: expected a .json result "),
        ("nowhere.npz", "nowhere.json: no such result: expected a .json result "),
        (".", ".: no results in this folder: expected files like *__*__seed*.json, "),
    ],
)
def test_no_result_is_a_mistake_of_the_user(run, path: str, complaint: str) -> None:
    done = run("verify", path, code=2)
    assert done.stderr.startswith(f"error: {complaint}")
    assert done.stderr.endswith(": fewbench evaluate LEARNER --protocol NAME --out .\n")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("text", ["a note", "[]", '{"a": 1}'])
def test_another_file_is_a_mistake_of_the_user(run, tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    done = run("verify", "a.json", code=2)
    assert done.stdout == ""
    assert done.stderr.startswith("error: a.json: ")
    assert done.stderr.count("\n") == 1


def test_a_damaged_file_with_the_name_of_a_result_fails(run, tmp_path: Path) -> None:
    path = save_result(HONEST, tmp_path)
    path.write_text(path.read_text()[:100])
    done = run("verify", ".", code=1)
    assert f"{path.name}: FAILED" in done.stdout


def test_a_learner_that_does_not_exist_is_a_mistake_of_the_user(
    run, tmp_path: Path
) -> None:
    save_result(HONEST, tmp_path)
    done = run("verify", ".", "--checkpoint", "nowhere", code=2)
    assert "'nowhere': no such learner" in done.stderr


_ENCODER = """
from torch import nn

class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.flatten = nn.Flatten()

    def forward(self, images):
        return {"mean": self.flatten(images), "other": images}

make = Encoder
"""


def test_an_encoder_with_several_outputs_is_replayed(run, tmp_path: Path) -> None:
    (tmp_path / "several_outputs.py").write_text(_ENCODER)
    named = ("several_outputs:make", "--features", "mean")
    protocol = ("--protocol", "glyphs-5w1s", "--episodes", "10")
    run("evaluate", *named, *protocol, "--size", "14", "--out", "results")
    done = run("verify", "results", "--checkpoint", *named)
    assert "passed        the predictions, replayed" in done.stdout
    refused = run("verify", "results", "--features", "mean", code=2)
    assert "error: --features mean: has no effect without" in refused.stderr


def test_other_commands_refuse_a_forgery_in_one_line(run, tmp_path: Path) -> None:
    save_result(replace(HONEST, episodes_fingerprint="x"), tmp_path)
    for command in (
        ["report", ".", "--out", "page"],
        ["compare", ".", "."],
        ["plan", "."],
    ):
        done = run(*command, code=2)
        assert done.stderr.count("\n") == 1
    assert "the episodes: expected the fingerprint" in done.stderr


def test_commands_mark_other_images(run, tmp_path: Path) -> None:
    save_result(build_honest(data_fingerprint="x"), tmp_path)
    save_result(build_honest(0.8, 2, data_fingerprint="x", learner="maml"), tmp_path)
    done = run("compare", ".")
    assert "glyphs-5w1s-40ep §" in done.stdout
    assert "§ other images" in done.stdout
