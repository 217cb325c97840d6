import json
import re
from pathlib import Path

import pytest

from fewbench.benchmark.report_folders import report_folders
from fewbench.errors import UserError
from fewbench.reports import report
from fewbench.reports.records import ResultError
from fewbench.reports.result_files import save_result
from fewbench_tests.honest_results import build_honest

ROWS = [
    {"step": 1, "seconds": 2.0, "loss": 1.5, "lr": 0.1},
    {"step": 2, "val_accuracy": 0.5},
]


def do_fail(*arguments: object) -> None:
    raise AssertionError(arguments)


def write(path, document):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))
    return path


@pytest.mark.usefixtures("unrendered")
def test_runs_of_one_name_keep_a_curve_each(tmp_path):
    save_result(build_honest(0.9, 1), tmp_path)
    for folder in ("a/run", "b/run", "run-2", "Run"):
        write(tmp_path / folder / "train.json", {"history": ROWS})

    names = {
        path.name
        for path in report_folders([tmp_path], tmp_path / "out", tmp_path).paths
    }

    curves = {
        name for name in names if name.startswith("learning_curve_") and "png" in name
    }
    assert len(curves) == 4


@pytest.mark.usefixtures("unrendered")
def test_copies_of_a_result_count_once(tmp_path, capsys):
    for folder in ("a", "b"):
        save_result(build_honest(0.9, 1), tmp_path / folder)

    report = report_folders([tmp_path], tmp_path / "out", tmp_path)

    assert (report.n_results, report.n_copies) == (2, 1)
    assert len((tmp_path / "out" / "results.csv").read_text().splitlines()) == 2
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("unrendered")
def test_the_largest_floats_are_no_curve(tmp_path):
    save_result(build_honest(0.9, 1), tmp_path)
    rows = [{"step": 1, "loss": 1e308}, {"step": 2, "loss": -1e308}]
    write(tmp_path / "run" / "train.json", {"history": rows})

    names = {
        path.name
        for path in report_folders([tmp_path], tmp_path / "out", tmp_path).paths
    }

    assert not any(name.startswith("learning_curve") for name in names)


def test_a_folder_without_results_is_named(tmp_path):
    with pytest.raises(ResultError, match=str(tmp_path)):
        report_folders([tmp_path], tmp_path / "out", tmp_path)
    assert not (tmp_path / "out").exists()


def test_a_file_of_the_user_is_seen_before_any_result_is_read(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "index.html").write_text("mine")
    with pytest.raises(UserError, match=r"got index\.html, which would be overwritten"):
        report_folders([tmp_path / "no-results"], out, tmp_path)
    assert (out / "index.html").read_text() == "mine"


def test_a_training_run_needs_results_beside_it(tmp_path):
    run = tmp_path / "run"
    write(run / "train.json", {"history": ROWS})
    with pytest.raises(ResultError, match=f"evaluate {run} --protocol NAME"):
        report_folders([run], tmp_path / "out", tmp_path)
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("unrendered")
def test_a_training_run_gives_its_curve_beside_the_results(tmp_path):
    results = tmp_path / "results"
    save_result(build_honest(0.9, 1), results)
    run = tmp_path / "runs" / "mine"
    write(run / "train.json", {"history": ROWS})
    report = report_folders([results, run], tmp_path / "out", tmp_path)
    assert "learning_curve_mine.png" in {path.name for path in report.paths}


def test_training_runs_alone_are_told_what_to_evaluate(tmp_path: Path) -> None:
    run = tmp_path / "runs" / "a b"
    write(run / "train.json", {"history": ROWS})
    with pytest.raises(ResultError, match=rf"fewbench evaluate '{run}' --protocol"):
        report_folders([tmp_path / "runs"], tmp_path / "out", None)
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("unrendered")
def test_a_file_of_the_user_is_seen_before_anything_is_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_result(build_honest(0.9, 1), tmp_path / "results")
    out = tmp_path / "out"
    paths = report_folders([tmp_path / "results"], tmp_path / "first", tmp_path).paths
    names = [path.name for path in paths]
    table, plot = (
        next(name for name in names if name.startswith(start))
        for start in ("table_", "episodes_")
    )
    monkeypatch.setattr(report, "save_figure", do_fail)
    monkeypatch.setattr(report, "write_page", do_fail)
    out.mkdir()
    for name in ("accuracy.svg", "classes.csv", table, plot):
        mine = out / name
        mine.write_text("mine")
        with pytest.raises(UserError, match=f"got {re.escape(name)}, which would be"):
            report_folders([tmp_path / "results"], out, tmp_path)
        assert mine.read_text() == "mine"
        mine.unlink()
        assert list(out.iterdir()) == []


@pytest.mark.usefixtures("unrendered")
def test_files_of_every_report_are_named_before_a_result_is_read(
    tmp_path: Path,
) -> None:
    save_result(build_honest(0.9, 1), tmp_path / "results")
    made = report_folders([tmp_path / "results"], tmp_path / "out", tmp_path)
    assert set(report.ALWAYS) <= {path.name for path in made.paths}
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "accuracy.png").touch()
    with pytest.raises(UserError, match=r"got accuracy\.png, which would be"):
        report_folders([tmp_path / "nowhere"], tmp_path / "mine", tmp_path)
