"""The main job as a user meets it: in a real process, without any optional package."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fewbench.benchmark.protocols.catalogue import find_protocol
from fewbench.benchmark.quickstart import PROTOCOLS

# With 200 of the 10,000 episodes of each protocol: all of them take half a minute. PDFs have
# fonts of Type 3, which are written fast. test_saving has those of Type 42.
WITHOUT_OPTIONAL = """
import sys
for name in ("learn2learn", "torchvision", "gym", "higher"):
    sys.modules[name] = None
sys.argv[0] = "fewbench"
from fewbench.benchmark import quickstart
from fewbench.benchmark.cli.app import main
from fewbench.benchmark.protocols.catalogue import find_protocol
from fewbench.reports.plots.saving import _SETTINGS
_SETTINGS["pdf.fonttype"] = 3
names = quickstart.PROTOCOLS
quickstart.PROTOCOLS = [find_protocol(name, n_episodes=200) for name in names]
main()
"""


@pytest.fixture(scope="session")
def quickstart(
    home: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict]:
    """One short run of the main job. The tests look at what it leaves behind."""
    folder = tmp_path_factory.mktemp("quickstart")
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            WITHOUT_OPTIONAL,
            "quickstart",
            "--steps",
            "20",
            "--json",
        ],
        cwd=folder,
        env=os.environ | {"FEWBENCH_DATA": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    document = json.loads(done.stdout)
    return folder / "quickstart", {**document, "stderr": done.stderr}


def test_quickstart_scores_on_the_standard_protocols() -> None:
    assert PROTOCOLS == ("glyphs-5w1s", "glyphs-5w5s", "glyphs-20w1s")
    assert {find_protocol(name).n_episodes for name in PROTOCOLS} == {10_000}


def test_quickstart_leaves_results_tables_plots_and_a_page(
    quickstart: tuple[Path, dict],
) -> None:
    folder, document = quickstart
    names = {path.name for path in (folder / "report").iterdir()}
    assert {"index.html", "results.csv", "results.md", "results.tex"} <= names
    assert {"accuracy.png", "accuracy.svg", "learning_curve_protonet.png"} <= names
    assert {
        "episodes_glyphs-5w1s-200ep.png",
        "episodes_glyphs-20w1s-200ep.svg",
    } <= names
    assert len(list((folder / "results").glob("*.json"))) == 6
    page = (folder / "report" / "index.html").read_text()
    assert "data:image/png;base64," in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    rows = {(row["learner"], row["protocol"]): row for row in document["results"]}
    protonet = rows["protonet", "glyphs-5w1s-200ep"]
    centroid = rows["centroid", "glyphs-5w1s-200ep"]
    assert (
        protonet["mean"] - protonet["half_width"]
        > centroid["mean"] + centroid["half_width"]
    )


def test_progress_in_a_pipe_is_a_line_now_and_then(
    quickstart: tuple[Path, dict],
) -> None:
    lines = quickstart[1]["stderr"].splitlines()
    assert len(lines) < 30
    assert lines[-1].startswith("trained ")
    assert "report: 1 of 1 (100 %)" in lines
    assert any(
        line.startswith("centroid: glyphs-5w1s-200ep: embed: ") for line in lines
    )


def test_quickstart_refuses_a_used_folder(run, quickstart: tuple[Path, dict]) -> None:
    before = sorted(path.name for path in quickstart[0].parent.iterdir())
    done = run("quickstart", "--out", str(quickstart[0].parent), code=2)
    assert "--out" in done.stderr
    assert sorted(path.name for path in quickstart[0].parent.iterdir()) == before


@pytest.mark.usefixtures("unrendered")
def test_evaluate_and_report_repeat_the_quickstarts_numbers(
    run, quickstart: tuple[Path, dict], tmp_path: Path
) -> None:
    folder, document = quickstart
    checkpoint = str(folder / "protonet")
    command = ("evaluate", checkpoint, "--protocol", "glyphs-5w1s", "--out", "r")
    few = ("--episodes", "200")
    answer = json.loads(run(*command, *few, "--json").stdout)
    before = next(
        row
        for row in document["results"]
        if (row["learner"], row["protocol"]) == ("protonet", "glyphs-5w1s-200ep")
    )
    assert answer["mean"] == before["mean"]
    assert answer["n_episodes"] == 200

    again = run(*command, *few, code=2)
    assert "there is a result of this name already" in again.stderr
    assert "--overwrite" in again.stderr
    text = run("report", "r", "--out", "page").stdout
    assert "index.html" in text
    assert "± is half the width" in (tmp_path / "page" / "results.md").read_text()
