import base64
import gzip
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.lines import Line2D
from matplotlib.patches import StepPatch

from fewbench.benchmark.published_numbers import published_numbers
from fewbench.reports.page.packed import FIRST
from fewbench.reports.plots.saving import _SETTINGS
from fewbench.reports.plots.style import styles_of
from fewbench.reports.records import ResultError
from fewbench.reports.report import write_report
from fewbench.reports.stats.class_bootstrap import class_bootstrap
from fewbench.reports.stats.diagnostics import (
    class_accuracy,
    confused_pairs,
    hardest_episodes,
)

HISTORY = [
    {"step": e, "seconds": e / 9, "loss": 1 / e, "val_accuracy": 0.5} for e in (1, 2, 3)
]
SAMPLES = {"x": b"\x89PNG"}


@pytest.fixture(scope="module", autouse=True)
def _quick_fonts():
    """PDFs with fonts of Type 3, which are written fast. test_saving has those of Type 42."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(_SETTINGS, "pdf.fonttype", 3)
        yield


@pytest.fixture(scope="module")
def report(various_results, tmp_path_factory) -> list[Path]:
    """The files of a report on various results. No test may change them."""
    out = tmp_path_factory.mktemp("report") / "out"
    return write_report(various_results, out, SAMPLES, {"protonet": HISTORY})


def test_a_report_is_a_folder_of_tables_plots_and_one_page(report):
    cards = ["glyphs-5w1s__1", "glyphs-5w1s__2", "glyphs-5w5s", "omniglot-20w1s"]
    plots = ["accuracy", "differences_glyphs-5w1s__1", "learning_curve_protonet"]
    plots += [f"{kind}_{card}" for kind in ("episodes", "classes") for card in cards]
    expected = {
        "results.csv",
        "comparisons.csv",
        "results.md",
        "results.tex",
        "paper.tex",
        "references.bib",
        "index.html",
    }
    expected |= {
        f"{name}.csv" for name in ("classes", "confusions", "hardest_episodes")
    }
    expected |= {"other_classes.csv"}
    expected |= {
        "table_glyphs-5w1s-group-1-paired-differences.tex",
        "table_glyphs-accuracy.tex",
        "table_limits-of-the-accuracy.tex",
        "table_omniglot-accuracy.tex",
    }
    expected |= {f"{plot}.{kind}" for plot in plots for kind in ("png", "svg", "pdf")}
    out = report[0].parent
    assert {path.name for path in report} == expected
    assert {path.name for path in out.iterdir()} == {*expected, ".files"}
    assert all(path.stat().st_size for path in report)
    page = (out / "index.html").read_text()
    assert page.count("<figure>") == len(plots) + len(SAMPLES)


@pytest.mark.usefixtures("unrendered")
def test_what_there_is_more_of_is_reported_too(make_result, tmp_path):
    results = [
        make_result(0.9, seed, train_seed=seed, name=f"omniglot-5w{shot}s", n_shot=shot,
                    dataset="omniglot")
        for seed in (0, 1) for shot in (1, 5)
    ]  # fmt: skip
    asked = []

    def class_samples(result, names):
        asked.append(tuple(names))
        return {names[0]: [np.zeros((28, 28, 1), np.uint8)] * 5}

    histories = {"a": HISTORY, "b": HISTORY}
    write_report(results, tmp_path, {}, histories, class_samples, published_numbers())

    names = {path.name for path in tmp_path.iterdir()}
    assert {"train_seeds.csv", "published.csv", "published.pdf"} <= names
    assert {"accuracy_by_shots.png", "learning_curves.svg"} <= names
    assert all(len(chosen) == 8 for chosen in asked)
    text = (tmp_path / "results.md").read_text()
    assert "reproduced" in text
    assert "more comparisons, with reproductions" in text
    assert "Table 4" not in text  # of Snell et al., not a reference
    page = (tmp_path / "index.html").read_text()
    for heading in ("Training seeds", "Paired differences", "Published numbers", "Other classes",
                    "Where accuracy is lost"):  # fmt: skip
        assert f">{heading}</h2>" in page
    assert "<details>\n<summary>Reproductions by others" in page


@pytest.mark.usefixtures("unrendered")
def test_a_report_replaces_an_earlier_one_and_nothing_else(make_result, tmp_path):
    several = [make_result(0.8, 1), make_result(0.5, 2, name="glyphs-5w5s", n_shot=5)]
    write_report(several, tmp_path, {}, {"protonet": HISTORY})
    (tmp_path / "mine.txt").write_text("kept")

    paths = write_report(several[:1], tmp_path, {}, {})

    names = {path.name for path in paths}
    assert {path.name for path in tmp_path.iterdir()} == {*names, ".files", "mine.txt"}
    assert not any("5w5s" in name or "learning" in name for name in names)


@pytest.mark.usefixtures("unrendered")
def test_a_report_that_fails_leaves_the_earlier_one_as_it_was(make_result, tmp_path):
    out = tmp_path / "out"
    write_report([make_result(0.8, 1)], out, {}, {})
    before = {path.name: path.read_bytes() for path in out.iterdir()}

    def no_images(result, names):
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        write_report([make_result(0.5, 2, learner="other")], out, {}, {}, no_images)

    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.usefixtures("unrendered")
def test_details_are_those_of_the_diagnostics(make_result, tmp_path):
    best = make_result(0.8, 1)
    write_report([make_result(0.5, 2, learner="centroid"), best], tmp_path, {}, {})

    classes, confusions, episodes, others = (
        pd.read_csv(tmp_path / f"{name}.csv")
        for name in ("classes", "confusions", "hardest_episodes", "other_classes")
    )
    assert classes["accuracy"].tolist() == class_accuracy(best)["accuracy"].tolist()
    assert confusions["wrong"].tolist() == confused_pairs(best, 100)["wrong"].tolist()
    assert (
        episodes["episode"].tolist() == hardest_episodes(best, 100)["episode"].tolist()
    )
    assert set(classes["result"]) == {best.file_stem}
    limits = others.set_index("learner").loc["protonet"]
    expected = class_bootstrap(best)
    assert (limits["low"], limits["high"], limits["n"]) == (
        expected.low,
        expected.high,
        12,
    )


@pytest.mark.usefixtures("unrendered")
def test_a_run_that_logged_no_values_has_no_curve(make_result, tmp_path):
    histories = {
        "empty": [],
        "lost": [{"step": 1, "loss": float("nan"), "val_accuracy": None}],
        "good": HISTORY,
    }
    names = {
        path.name for path in write_report([make_result()], tmp_path, {}, histories)
    }

    assert {name for name in names if name.startswith("learning")} == {
        f"learning_curve_good.{kind}" for kind in ("png", "svg", "pdf")
    }


def test_writing_a_report_again_changes_no_byte(various_results, report, tmp_path):
    turned = various_results[::-1]

    again = write_report(turned, tmp_path, SAMPLES, {"protonet": HISTORY})

    for a, b in zip(report, again, strict=True):
        assert a.name == b.name
        assert a.read_bytes() == b.read_bytes(), a.name


def test_a_learner_has_the_same_colour_in_every_figure(
    make_result, tmp_path, monkeypatch
):
    figures = {}

    def save(figure, stem):
        figures[stem.name] = figure
        paths = [stem.with_suffix(f".{kind}") for kind in ("png", "svg", "pdf")]
        for path in paths:
            path.write_text("")
        return paths

    monkeypatch.setattr("fewbench.reports.report.save_figure", save)
    results = [
        make_result(accuracy, shot, learner=learner, n_shot=shot, dataset="omniglot",
                    name=f"omniglot-5w{shot}s")
        for shot in (1, 5)
        for accuracy, learner in ((0.5, "anil"), (0.6, "maml"), (0.9, "protonet"))
    ]  # fmt: skip
    history = [row | {"learner": "maml"} for row in HISTORY]
    write_report(
        results, tmp_path, histories={"run": history}, published=published_numbers()
    )

    styles = styles_of(["anil", "maml", "protonet"])
    color = {learner: color for learner, (color, _) in styles.items()}
    everyone = set(color.values())
    shown = {}
    for name, figure in figures.items():
        used = {to_hex(line.get_color()).upper() for line in figure.findobj(Line2D)}
        used |= {
            to_hex(bar.get_facecolor()).upper() for bar in figure.findobj(StepPatch)
        }
        shown[name] = used & everyone
    assert shown == {
        "accuracy": everyone,
        "accuracy_by_shots": everyone,
        "published": {color["maml"], color["protonet"]},
        "differences_omniglot-5w1s": set(),
        "differences_omniglot-5w5s": set(),
        "episodes_omniglot-5w1s": everyone,
        "episodes_omniglot-5w5s": everyone,
        "classes_omniglot-5w1s": {color["protonet"]},
        "classes_omniglot-5w5s": {color["protonet"]},
        "learning_curve_run": {color["maml"]},
    }


def test_nothing_to_report_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(ResultError, match=r"at least one result.*fewbench evaluate"):
        write_report([], tmp_path / "out", {}, {})

    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["a  b", "", "x\n", "a\x1b"])
def test_a_learning_curve_whose_name_is_not_one_line_is_refused(
    make_result, tmp_path, name
):
    with pytest.raises(ResultError, match="cannot show its name"):
        write_report([make_result()], tmp_path / "out", {}, {name: HISTORY})

    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("unrendered")
def test_curves_of_any_names_have_files_of_their_own(make_result, tmp_path):
    names = ["../up", "PROTO-NET", "proto-net", "метод А", "метод Б"]
    histories = dict.fromkeys(names, HISTORY)
    write_report([make_result()], tmp_path / "out", {}, histories)
    files = [path.name.lower() for path in tmp_path.rglob("learning_curve_*.png")]
    assert len(set(files)) == len(names)
    page = (tmp_path / "out" / "index.html").read_text()
    assert all(f"Learning curve of {name}" in page for name in names)


def test_a_thousand_results_are_reported_in_seconds(make_result, tmp_path):
    results = [
        make_result(
            0.4 + number / 3000, number, name=f"glyphs-{number % 8 + 2}w1s", n_way=number % 8 + 2,
            learner=f"learner{number // 80}", train_seed=number // 8,
        )
        for number in range(1000)
    ]  # fmt: skip

    started = time.process_time()  # not the clock on the wall: the machine may be busy
    write_report(results, tmp_path, {}, {})

    assert time.process_time() - started < 10
    page = (tmp_path / "index.html").read_text()
    packed = re.findall('<script type="application/gzip"[^>]*>([^<]+)</script>', page)
    rest = "".join(gzip.decompress(base64.b64decode(one)).decode() for one in packed)
    assert page.count("<details ") == FIRST
    assert rest.count("<details ") == 1000 - FIRST


def test_importing_the_records_brings_no_plots_and_no_tables():
    code = (
        "import sys, fewbench.reports, fewbench.reports.records\n"
        "heavy = {'matplotlib', 'pandas', 'scipy', 'jinja2', 'torch'} & set(sys.modules)\n"
        "sys.exit(f'imports {heavy}' if heavy else 0)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
