"""The command line as a user meets it: real processes, real folders, wrong input."""

import json
import os
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from commands import FEWBENCH, run_fewbench
from fewbench.datasets.store import pixels_offset

CENTROID = ("evaluate", "centroid", "--protocol", "glyphs-5w1s")


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def run(home: Path, tmp_path: Path):
    """Run `fewbench ...` in an empty folder, with its own data folder."""

    return partial(run_fewbench, tmp_path, home)


@pytest.fixture(scope="session")
def quickstart(home: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    """One short run of the main job, for the tests that look at what it leaves."""
    folder = tmp_path_factory.mktemp("quickstart")
    done = subprocess.run(
        [FEWBENCH, "quickstart", "--seconds", "8", "--json"],
        cwd=folder,
        env=os.environ | {"FEWBENCH_DATA": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    return folder / "quickstart", json.loads(done.stdout)


def test_help_answers_at_once(run) -> None:
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        text = run("--help").stdout
        seconds.append(time.perf_counter() - started)
    for command in ("quickstart", "data", "protocol", "train", "evaluate", "report", "env"):
        assert command in text
    # The goal is half a second, met by far on a quiet machine; this one may be busy.
    assert min(seconds) < 1.5


def test_heavy_libraries_are_imported_inside_the_commands_only() -> None:
    code = "import sys, fewbench.benchmark.cli; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"torch", "numpy", "h5py", "pandas", "scipy", "matplotlib", "pydantic", "PIL"}
    assert not heavy & set(done.stdout.split())


@pytest.mark.parametrize(
    "command",
    ["quickstart", "data", "data build", "protocol export", "train", "evaluate", "report", "env"],
)
def test_every_command_has_help(run, command: str) -> None:
    assert "Usage: fewbench" in run(*command.split(), "--help").stdout


def test_quickstart_leaves_results_tables_plots_and_a_page(quickstart: tuple[Path, dict]) -> None:
    folder, document = quickstart
    names = {path.name for path in (folder / "report").iterdir()}
    assert {"index.html", "results.csv", "results.md", "results.tex"} <= names
    assert {"accuracy.png", "accuracy.svg", "learning_curve_protonet.png"} <= names
    assert {"episodes_glyphs-5w1s.png", "episodes_glyphs-20w1s.svg"} <= names
    assert len(list((folder / "results").glob("*.json"))) == 6
    page = (folder / "report" / "index.html").read_text()
    assert "data:image/png;base64," in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    rows = {(row["learner"], row["protocol"]): row for row in document["results"]}
    protonet, centroid = rows["protonet", "glyphs-5w1s"], rows["centroid", "glyphs-5w1s"]
    assert protonet["mean"] - protonet["half_width"] > centroid["mean"] + centroid["half_width"]


def test_quickstart_refuses_a_used_folder(run, quickstart: tuple[Path, dict]) -> None:
    before = sorted(path.name for path in quickstart[0].iterdir())
    done = run("quickstart", "--out", str(quickstart[0]), code=2)
    assert "is not empty. Choose another folder with --out" in done.stderr
    assert sorted(path.name for path in quickstart[0].iterdir()) == before


def test_evaluate_and_report_repeat_the_quickstarts_numbers(
    run, quickstart: tuple[Path, dict], tmp_path: Path
) -> None:
    folder, document = quickstart
    checkpoint = str(folder / "protonet")
    done = run("evaluate", checkpoint, "--protocol", "glyphs-5w1s", "--out", "r", "--json")
    answer = json.loads(done.stdout)
    before = next(
        row
        for row in document["results"]
        if (row["learner"], row["protocol"]) == ("protonet", "glyphs-5w1s")
    )
    assert answer["mean"] == before["mean"]
    assert answer["n_episodes"] == 10_000

    again = run("evaluate", checkpoint, "--protocol", "glyphs-5w1s", "--out", "r", code=2)
    assert "there is a result of this name already" in again.stderr
    assert "--overwrite" in again.stderr
    run("evaluate", checkpoint, "--protocol", "glyphs-5w1s", "--out", "r", "--overwrite")

    text = run("report", "r", "--out", "page").stdout
    assert "index.html" in text
    assert "± is half the width" in (tmp_path / "page" / "results.md").read_text()


def test_data_commands_on_the_embedded_default(run, tmp_path: Path) -> None:
    run("data", "build", "glyphs")
    assert "already built" in run("data", "build", "glyphs").stdout
    assert "every byte read again" in run("data", "verify", "glyphs").stdout
    listed = json.loads(run("data", "list", "--json").stdout)["datasets"]
    assert listed["glyphs"]["built"]
    assert not listed["omniglot"]["built"]
    assert json.loads(run("data", "info", "glyphs", "--json").stdout)["build"]["partial"] is False
    run("data", "show", "glyphs", "--out", "sheets/grid.png")
    assert (tmp_path / "sheets" / "grid.png").read_bytes().startswith(b"\x89PNG")


def test_a_damaged_build_fails_verification_with_exit_code_1(run, tmp_path: Path) -> None:
    run("data", "build", "glyphs", "--root", "data")
    path = tmp_path / "data" / "glyphs" / "test.h5"
    content = bytearray(path.read_bytes())
    content[pixels_offset(path) + 1000] ^= 1
    path.write_bytes(content)
    done = run("data", "verify", "glyphs", "--root", "data", code=1)
    assert "does not match its recorded hash" in done.stderr


def test_protocol_commands(run, tmp_path: Path) -> None:
    assert "omniglot-20w5s" in run("protocol", "list").stdout
    assert json.loads(run("protocol", "show", "omniglot-5w1s", "--json").stdout)["rotations"]
    done = run("protocol", "export", "glyphs-5w1s", "--out", "e.npz", "--json")
    assert json.loads(done.stdout)["bytes"] == (tmp_path / "e.npz").stat().st_size


def test_env_names_what_is_missing_and_how_to_install_it(run) -> None:
    document = json.loads(run("env", "--json").stdout)
    assert document["required"]["torch"]
    assert document["device"]["device auto"]
    learn2learn = document["optional"]["learn2learn"]
    assert "CYTHON_FORCE_REGEN=1 pip install" in learn2learn["install"]
    if not learn2learn["usable"]:
        assert "CYTHON_FORCE_REGEN=1 pip install" in run("env").stdout


def test_learners_and_backends_are_listed_with_what_to_install(run) -> None:
    env = json.loads(run("env", "--json").stdout)
    assert env["learners"]["native"] == ["protonet", "maml", "fomaml", "anil"]
    assert env["learners"]["higher"] == ["maml", "fomaml", "anil"]
    assert env["optional"]["higher"]["install"].startswith("pip install higher")
    described = " ".join(run("train", "--help").stdout.split())
    for word in ("protonet", "maml", "fomaml", "anil", "native", "learn2learn", "higher"):
        assert word in described
    listed = json.loads(run("recipes", "--json").stdout)["recipes"]
    assert listed["maml-omniglot"]["inner_lr"] == 2.0
    assert listed["protonet-glyphs"]["backends"] == ["native", "learn2learn"]
    assert "maml-miniimagenet" in run("recipes").stdout


def test_a_maml_says_that_it_is_transductive_wherever_its_number_stands(
    run, tmp_path: Path
) -> None:
    pytest.importorskip("higher", reason="higher is not installed")
    brief = [f"--set={key}" for key in ("steps=2", "validate_every=2", "val_episodes=4", "width=8")]
    run("train", "--recipe", "maml-glyphs", *brief, "--out", "run")
    few = ("--protocol", "glyphs-5w1s", "--episodes", "20", "--out", "results")
    transductive = run("evaluate", "run", *few).stdout
    assert "† transductive" in transductive
    run("evaluate", "run", *few, "--backend", "higher")
    inductive = run("evaluate", "run", *few, "--statistics", "support").stdout
    assert "maml-support-statistics" in inductive
    assert "†" not in inductive
    run("report", "results", "--out", "report")
    for name in ("results.md", "index.html"):
        text = (tmp_path / "report" / name).read_text()
        assert text.count("†") >= 3  # two results and the note
        assert "maml-higher" in text
    table = (tmp_path / "report" / "results.csv").read_text().splitlines()
    assert sum(",True," in line for line in table) == 2

    probed = ("probe", "run", "--protocol", "glyphs-5w1s")
    assert json.loads(run(*probed, "--json").stdout)["transductive"]
    assert "inductive" in run(*probed, "--statistics", "image").stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("data", "build", "omnigolt"), "Did you mean 'omniglot'"),
        (("data", "build", "omniglot", "--source", "nowhere"), "images_background.zip"),
        (("data", "build", "omniglot", "--resampling", "nearst"), "Did you mean 'nearest'"),
        (("data", "verify", "omniglot"), "fewbench data build omniglot"),
        (("data", "show", "glyphs", "--split", "dev", "--out", "x.png"), "train, val, test"),
        (("protocol", "show", "glyphs-5w1"), "Did you mean 'glyphs-5w1s'"),
        (("protocol", "export", "omniglot-5w1s", "--out", "x"), "fewbench data build omniglot"),
        (("train", "--recipe", "protonet-glyph", "--out", "x"), "Did you mean 'protonet-glyphs'"),
        (("train", "--recipe", "protonet-glyphs", "--set", "ways=3", "--out", "x"), "ways: "),
        (("train", "--recipe", "protonet-glyphs", "--device", "tpu", "--out", "x"), "auto, cpu"),
        (("train", "--recipe", "protonet-omniglot", "--out", "x"), "data build omniglot"),
        (("train", "--recipe", "protonet-glyphs", "--set", "way=9999", "--out", "x"), "9999-way"),
        (("evaluate", "protonet", "--protocol", "glyphs-5w1s", "--out", "x"), "train it first"),
        (("train", "--recipe", "maml-glyphs", "--backend", "jax", "--out", "x"), "'native', 'lea"),
        (("train", "--recipe", "protonet-glyphs", "--backend", "higher", "--out", "x"), "has no"),
        (("train", "--recipe", "maml-glyphs", "--set", "val_way=6", "--out", "x"), "5 classes"),
        ((*CENTROID, "--statistics", "image", "--out", "x"), "nothing can be set"),
        (("probe", "nowhere", "--protocol", "glyphs-5w1s"), "neither a learner"),
        (("evaluate", "centroid", "--protocol", "omniglot-5w1s", "--out", "x"), "data build"),
        (("report", "empty", "--out", "x"), "no results in this folder"),
        (("data", "build", "glyphs", "--root", "/proc/nowhere"), "cannot write there"),
        ((*CENTROID, "--out", "file"), "File exists"),
        (
            (
                "evaluate",
                "centroid",
                "--protocol",
                "glyphs-5w1s",
                "--dataset",
                "glyph",
                "--out",
                "x",
            ),
            "'glyphs'",
        ),
        (("frobnicate",), "No such command"),
        (("train",), "Missing option"),
    ],
)
def test_a_users_mistake_gets_a_sentence_and_exit_code_2(
    run, arguments: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    done = run(*arguments, code=2)
    assert message in " ".join(done.stderr.split())
    assert done.stdout == ""


def test_train_stops_resumes_and_answers_in_json(run, tmp_path: Path) -> None:
    command = ("train", "--recipe", "protonet-glyphs", "--out", "run", "--seed", "3", "--json")
    brief = ("--set", "validate_every=2", "--set", "val_episodes=10", "--precision", "bf16")
    first = json.loads(run(*command, *brief, "--minutes", "0.02").stdout)
    assert first["precision"] == "bf16"
    assert first["steps"] >= 1
    assert "--resume" in run(*command, *brief, "--minutes", "0.05", code=2).stderr
    more = json.loads(run(*command, *brief, "--minutes", "0.2", "--resume").stdout)
    assert more["steps"] > first["steps"]

    answer = ("evaluate", "run", "--protocol", "glyphs-5w1s", "--episodes", "20", "--out", "r")
    result = json.loads(run(*answer, "--json").stdout)
    assert result["protocol"] == "glyphs-5w1s-20ep"
    assert Path(tmp_path / result["path"]).name == "glyphs-5w1s-20ep__protonet__seed3.json"
    paths = json.loads(run("report", "r", "run", "--out", "page", "--json").stdout)["paths"]
    assert any(path.endswith("learning_curve_run.svg") for path in paths)


def test_omniglot_is_built_from_the_command_line(run, shared_data: Path) -> None:
    command = ("data", "build", "omniglot", "--source", str(shared_data / "omniglot"))
    manifest = json.loads(run(*command, "--root", "data", "--json").stdout)
    assert manifest["splits"]["test"]["n_classes"] == 423
    assert not manifest["already_built"]
    assert "already built" in run(*command, "--root", "data").stdout
    verified = json.loads(run("data", "verify", "omniglot", "--root", "data", "--json").stdout)
    assert set(verified["content_sha256"]) == {"train", "val", "test"}


def test_a_page_in_place_of_an_archive_is_named(run, tmp_path: Path) -> None:
    (tmp_path / "images_background.zip").write_text("<!DOCTYPE html><title>Quota</title>")
    done = run("data", "build", "omniglot", "--source", ".", code=2)
    assert "web page in place of the archive" in done.stderr


def test_core_use_needs_neither_learn2learn_nor_torchvision(home: Path, tmp_path: Path) -> None:
    """As if they were not installed: importing them fails."""
    code = """
import sys
for name in ("learn2learn", "torchvision", "gym", "higher"):
    sys.modules[name] = None
sys.argv = ["fewbench", "quickstart", "--seconds", "1", "--out", "q"]
from fewbench.benchmark.cli import main
main()
"""
    environment = os.environ | {"FEWBENCH_DATA": str(home)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "q" / "report" / "index.html").exists()


def test_the_readmes_python_examples_run(home: Path, tmp_path: Path) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    blocks = [block.split("```")[0] for block in readme.split("```python\n")[1:]]
    assert len(blocks) == 5
    environment = os.environ | {"FEWBENCH_DATA": str(home)}
    for block in blocks:
        done = subprocess.run(
            [sys.executable, "-c", block],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{block}\n{done.stderr}"
