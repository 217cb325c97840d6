"""The commands `fewbench submission`, as a user types them."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest

from fewbench.reports.result_files import save_result
from fewbench_tests.made_bundles import (
    changed,
    checkpoint_bytes,
    two_seeds,
    write_card,
)

Run = Callable[..., CompletedProcess[str]]
NAME = "mine.fewbench.zip"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The working folder, with two results and a card that fits them."""
    for result in two_seeds():
        save_result(result, tmp_path / "results")
    write_card(tmp_path)
    return tmp_path


def test_a_card_is_written_once(run: Run, tmp_path: Path) -> None:
    done = run("submission", "init")

    card = tmp_path / "submission.toml"
    assert "fewbench submission pack RESULT... --card submission.toml" in done.stderr
    text = card.read_text()
    assert "[method]" in text
    assert all(line.isascii() and len(line) <= 120 for line in text.splitlines())

    card.write_text("mine")
    done = run("submission", "init", code=2)

    assert "submission.toml: is there already" in done.stderr
    assert card.read_text() == "mine"
    run("submission", "init", "--out", "other.toml")
    assert (tmp_path / "other.toml").read_text() == text
    done = run("submission", "init", "--out", "none/a.toml", code=2)
    assert "mkdir -p none" in done.stderr


def test_an_empty_card_shows_every_field_that_is_missing(
    run: Run, folder: Path
) -> None:
    (folder / "submission.toml").unlink()
    run("submission", "init")

    done = run("submission", "pack", "results", "--out", NAME, code=1)

    errors = [line for line in done.stdout.splitlines() if line.startswith("error")]
    assert len(errors) == 18
    assert all("submission.toml: " in line and "is empty" in line for line in errors)
    assert "refused, 18 errors" in done.stdout
    assert f"{NAME} was not written" in done.stderr
    assert not (folder / NAME).exists()


def test_pack_and_check(run: Run, folder: Path) -> None:
    done = run("submission", "pack", "results", "--out", NAME)

    assert done.stderr == f"wrote {NAME}\n"
    for result in two_seeds():
        mean = f"seed {result.train_seed}: {100 * result.mean:.2f} %"
        assert f"glyphs-5w1s-3query-6ep, {mean}" in done.stdout
    assert f"{NAME}: re-scored, 0 errors" in done.stdout

    done = run("submission", "check", NAME)

    assert f"{NAME}: re-scored, 0 errors: arithmetic, episodes" in done.stdout
    [verdict] = (folder / "verdicts").iterdir()
    assert f"wrote {Path('verdicts') / verdict.name}" in done.stderr
    before = verdict.read_bytes()
    run("submission", "check", NAME)
    assert verdict.read_bytes() == before


def test_json_has_all_numbers(run: Run, folder: Path) -> None:
    packed = run("submission", "pack", "results", "--out", NAME, "--json")
    checked = run("submission", "check", NAME, "--json")

    document = json.loads(checked.stdout)
    assert json.loads(packed.stdout) == document
    assert document["passed"] is True
    assert document["trust"] == "re-scored"
    assert document["findings"] == []
    means = [one["mean"] for one in document["results"]]
    assert means == [result.mean for result in two_seeds()]


def test_a_refused_bundle_gives_one_line_a_fault(run: Run, folder: Path) -> None:
    run("submission", "pack", "results", "--out", NAME)

    def change(files: dict[str, bytes]) -> None:
        files["training/seed0/a.log"] = b"read ~/data/\x1b[31mx"
        files["submission.json"] = files["submission.json"].replace(b"none", b"  ")

    changed(folder / NAME, change, seal=False)
    done = run("submission", "check", NAME, code=1)

    lines = done.stdout.splitlines()
    kinds = [line.split(":")[0] for line in lines]
    assert kinds.count("error card-empty") == 5
    assert "error files" in kinds
    assert "error private" in kinds
    assert lines[-1].startswith(f"{NAME}: refused, 7 errors: a board does not take it")
    assert "\x1b" not in done.stdout
    document = json.loads(run("submission", "check", NAME, "--json", code=1).stdout)
    assert document["passed"] is False
    assert len(document["findings"]) == 7
    assert {"level", "code", "where", "what", "advice"} == set(document["findings"][0])


def test_all_faults_of_a_card_are_shown_and_an_older_bundle_stays(
    run: Run, folder: Path
) -> None:
    run("submission", "pack", "results", "--out", NAME)
    before = (folder / NAME).read_bytes()
    write_card(folder, ("112000", '"many"'), ("false\n[network]", '"no"\n[network]'))

    done = run("submission", "pack", "results", "--out", NAME, code=1)

    assert "submission.toml: network.parameters: expected a whole number" in done.stdout
    assert "submission.toml: method.official: expected true or false" in done.stdout
    assert (folder / NAME).read_bytes() == before


MISTAKES: list[tuple[list[str], str]] = [
    (["pack", "none", "--out", NAME], "none: no such result"),
    (["pack", "results", "--out", "mine.zip"], "ends in .fewbench.zip, got mine.zip"),
    (["pack", "results", "--out", f"none/{NAME}"], "mkdir -p none"),
    (["pack", "results", "--out", NAME, "--card", "no.toml"], "init --out no.toml"),
    (["pack", "results", "results", "--out", NAME], "given twice"),
    (["pack", "results", "--out", NAME, "--run", "none"], "got no train.json there"),
    (["pack", "results", "--out", NAME, "--checkpoints"], "expected --run FOLDER"),
    (["pack", "--out", NAME], "Missing argument"),
    (["check", "none.fewbench.zip"], "no such submission"),
    (["check", "results"], "got a folder"),
]


@pytest.mark.parametrize(("words", "error"), MISTAKES)
def test_a_mistake_is_answered_on_one_line(
    words: list[str], error: str, run: Run, folder: Path
) -> None:
    done = run("submission", *words, code=2)

    [line] = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert error in line
    assert not (folder / NAME).exists()


def test_a_result_that_was_changed_is_not_packed(run: Run, folder: Path) -> None:
    path = next((folder / "results").glob("*seed0.npz"))
    with np.load(path) as file:
        arrays = dict(file)
    arrays["predictions"] = arrays["predictions"] * 0
    np.savez(path, **arrays)

    done = run("submission", "pack", "results", "--out", NAME, code=2)

    assert "differs from what was saved" in done.stderr
    assert not (folder / NAME).exists()


def test_a_training_run_and_its_checkpoint_are_packed(run: Run, folder: Path) -> None:
    made = folder / "run"
    made.mkdir()
    (made / "train.json").write_text(json.dumps({"config": {"seed": 0}}))
    (made / "best.safetensors").write_bytes(checkpoint_bytes())

    run("submission", "pack", "results", "--out", NAME, "--run", "run")
    words = ["pack", "results", "--out", "b.fewbench.zip", "--run", "run"]
    done = run("submission", *words, "--checkpoints", code=1)

    assert "error checkpoint: checkpoints/seed0.safetensors: results/" in done.stdout


def test_no_verdict_can_be_written(run: Run, folder: Path) -> None:
    run("submission", "pack", "results", "--out", NAME)
    (folder / "verdicts").write_text("a file")

    done = run("submission", "check", NAME, code=2)

    assert "expected a folder, got a file" in done.stderr


def test_a_file_that_is_no_bundle_gets_no_verdict(run: Run, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"")

    done = run("submission", "check", NAME, code=1)

    assert "it is no zip" in done.stdout
    assert not (tmp_path / "verdicts").exists()


def test_a_pipe_is_no_bundle(run: Run, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / NAME)

    assert "got no file" in run("submission", "check", NAME, code=2).stderr
