"""Training from the command line: folders, backends, what a number must say."""

import json
import signal
from pathlib import Path

import pytest

from fewbench.baselines.families import BACKENDS
from fewbench.benchmark.cli.train import (
    estimate_text,
    protocol_options,
    run_text,
)
from fewbench.benchmark.train import TrainingEstimate, TrainingSummary
from fewbench.reports.result_files import load_results
from fewbench.reports.tables.frames import results_frame
from fewbench.reports.tables.printed import to_markdown
from fewbench.signals import Interrupted


def test_learners_and_backends_are_described(run) -> None:
    described = " ".join(run("train", "--help").stdout.split())
    for backend, learners in BACKENDS.items():
        assert backend in described
        assert all(learner in described for learner in learners)


def test_a_maml_says_that_it_is_transductive_wherever_its_number_stands(
    run, tmp_path: Path
) -> None:
    pytest.importorskip("higher", reason="higher is not installed")
    brief = [
        f"--set={key}"
        for key in ("steps=2", "validate_every=2", "val_episodes=4", "width=8")
    ]
    run(
        "train",
        "--recipe",
        "maml-glyphs",
        *brief,
        "--tasks-per-chunk",
        "3",
        "--out",
        "run",
    )
    few = ("--protocol", "glyphs-5w1s", "--episodes", "20", "--out", "results")
    transductive = run("evaluate", "run", *few, "--tasks-per-chunk", "auto").stdout
    assert "† transductive" in transductive
    trained = json.loads((tmp_path / "run" / "train.json").read_text())["config"]
    assert trained["tasks_per_chunk"] == 3
    [saved] = load_results([tmp_path / "results"])
    assert saved.recipe["tasks_per_chunk"] == "auto"
    assert saved.trained_on is not None
    assert saved.trained_on.splits == ("train",)
    assert saved.deterministic is True
    run("evaluate", "run", *few, "--backend", "higher")
    inductive = run("evaluate", "run", *few, "--statistics", "support").stdout
    assert "maml-support-statistics" in inductive
    assert "†" not in inductive
    results = load_results([tmp_path / "results"])
    text = to_markdown(results)
    assert text.count("†") == 3  # two results and the note
    assert "maml-higher" in text
    assert sum(results_frame(results)["transductive"]) == 2

    probed = ("probe", "run", "--protocol", "glyphs-5w1s")
    assert json.loads(run(*probed, "--json").stdout)["transductive"]
    assert "inductive" in run(*probed, "--statistics", "image").stdout


@pytest.mark.usefixtures("unrendered")
def test_train_stops_resumes_and_answers_in_json(run, tmp_path: Path) -> None:
    command = (
        "train",
        "--recipe",
        "protonet-glyphs",
        "--out",
        "run",
        "--seed",
        "3",
        "--json",
    )
    brief = (
        "--set=validate_every=2",
        "--set=val_episodes=10",
        "--set=width=8",
        "--precision",
        "bf16",
    )
    first = json.loads(run(*command, *brief, "--minutes", "0.02").stdout)
    assert first["precision"] == "bf16"
    assert first["steps"] >= 1
    assert "--resume" in run(*command, *brief, "--minutes", "0.03", code=2).stderr
    more = json.loads(run(*command, *brief, "--minutes", "0.06", "--resume").stdout)
    assert more["steps"] > first["steps"]

    answer = (
        "evaluate",
        "run",
        "--protocol",
        "glyphs-5w1s",
        "--episodes",
        "20",
        "--out",
        "r",
    )
    result = json.loads(run(*answer, "--json").stdout)
    assert result["protocol"] == "glyphs-5w1s-20ep"
    assert (
        Path(tmp_path / result["path"]).name == "glyphs-5w1s-20ep__protonet__seed3.json"
    )
    paths = json.loads(run("report", "r", "run", "--out", "page", "--json").stdout)[
        "paths"
    ]
    assert any(path.endswith("learning_curve_run.svg") for path in paths)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
)
def test_an_interrupted_run_says_how_to_go_on(
    run, monkeypatch: pytest.MonkeyPatch, number: int, code: int
) -> None:
    def train_run(*arguments: object) -> None:
        raise Interrupted(number, "training stopped: step 3 of 9 is saved in my run/x")

    monkeypatch.setattr("fewbench.benchmark.train.train_run", train_run)
    command = ("train", "--recipe", "protonet-glyphs", "--out", "my run")
    done = run(*command, code=code)
    assert done.stdout == ""
    assert done.stderr == (
        "training stopped: step 3 of 9 is saved in my run/x. To go on, type: "
        "fewbench train --recipe protonet-glyphs --out 'my run' --resume\n"
    )


def test_an_estimate_trains_nothing(run, tmp_path: Path) -> None:
    brief = ("--set=width=8", "--set=val_episodes=5", "--set=steps=50")
    command = ("train", "--recipe", "protonet-glyphs", "--out", "run", *brief)
    estimate = json.loads(run(*command, "--estimate", "--json").stdout)
    assert estimate["start"] == 0
    assert estimate["steps"] == 50
    assert estimate["seconds"] > 50 * estimate["seconds_per_step"] > 0
    assert not (tmp_path / "run").exists()


def test_an_estimate_says_what_is_left() -> None:
    estimate: TrainingEstimate = {
        "start": 0,
        "steps": 40000,
        "seconds": 90000.0,
        "seconds_per_step": 2.1234,
        "seconds_per_validation": 30.0,
        "peak_bytes": 8_500_000_000,
    }
    assert estimate_text(estimate) == (
        "40,000 steps take about 25.0 h: 2.12 s for each step and 30 s for each "
        "validation\nmemory: 8.5 GB"
    )
    rest = estimate_text({**estimate, "start": 500, "peak_bytes": 0})
    assert rest.startswith("the steps from 500 to 40000 take about 25.0 h: ")
    assert "memory" not in rest


def test_a_training_in_a_pipe_says_what_each_validation_found(run, tmp_path) -> None:
    brief = ("--set=width=4", "--set=val_episodes=5", "--set=validate_every=2")
    command = ("train", "--recipe", "protonet-glyphs", "--out", "run", *brief)
    lines = run(*command, "--set=steps=5").stderr.splitlines()
    rows = (tmp_path / "run" / "train.csv").read_text().splitlines()[1:]
    assert len(rows) == 3
    for row, line, step in zip(rows, lines, (2, 4, 5), strict=True):
        number, _, loss, accuracy, _ = row.split(",")
        said = f", loss {float(loss):.3f}, val {100 * float(accuracy):.2f} %"
        assert int(number) == step
        assert line.startswith(f"train: {step} of 5 (")
        assert said in line


def test_the_next_command_trusts_code_of_the_user() -> None:
    run: TrainingSummary = {
        "checkpoint": "r/best.safetensors", "out": "r", "dataset": "glyphs", "steps": 1,
        "seconds": 1.0, "precision": "fp32", "device": "cpu", "val_accuracy": None,
    }  # fmt: skip
    assert "next: fewbench evaluate r " in run_text(run)
    assert "next: PYTHONPATH=. fewbench" in run_text(run, uses_own_code=True)


def test_the_next_command_evaluates_on_the_dataset_of_the_run() -> None:
    assert protocol_options("glyphs") == "--protocol glyphs-5w1s"
    variant = protocol_options("omniglot-nearest")
    assert variant == "--protocol omniglot-5w1s --dataset omniglot-nearest"


def test_a_run_without_validation_says_so() -> None:
    run: TrainingSummary = {
        "checkpoint": "r/last.safetensors",
        "out": "r",
        "dataset": "glyphs",
        "steps": 7,
        "seconds": 1.6,
        "precision": "fp32",
        "device": "cpu",
        "val_accuracy": None,
    }
    text = run_text(run)
    assert text.startswith("trained 7 steps in 2 s (fp32, cpu), no validation\n")
    assert "next: fewbench evaluate r --protocol glyphs-5w1s --out results" in text
    assert "validation accuracy 98.50 %" in run_text({**run, "val_accuracy": 0.985})
