"""Training from the command line: folders, backends, what a number must say."""

import json
from pathlib import Path

import pytest

from fewbench.baselines.families import BACKENDS
from fewbench.benchmark.cli.train import after_interruption, protocol_options, run_text
from fewbench.benchmark.train import TrainingSummary
from fewbench.reports.result_files import load_results
from fewbench.reports.tables.frames import results_frame
from fewbench.reports.tables.printed import to_markdown


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


def test_an_interrupted_run_can_be_continued_once_it_saved(tmp_path: Path) -> None:
    assert "Nothing was saved yet" in after_interruption(tmp_path)
    (tmp_path / "last.safetensors").touch()
    assert "--resume" in after_interruption(tmp_path)


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
