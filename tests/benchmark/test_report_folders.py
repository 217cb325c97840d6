import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewbench.benchmark.report_folders import read_history, report_folders
from fewbench.datasets.info import DataError
from fewbench.reports.result_files import save_result
from fewbench_tests.made_results import build_result

ROWS = [
    {"step": 1, "seconds": 2.0, "loss": 1.5, "lr": 0.1},
    {"step": 2, "val_accuracy": 0.5},
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["history", "step", "loss", "seconds", "val_accuracy"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def write(path, document):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))
    return path


def test_the_log_of_a_training_run_is_its_learning_curve(tmp_path):
    history = read_history(write(tmp_path / "train.json", {"history": ROWS, "step": 2}))

    assert [row["step"] for row in history] == [1, 2]
    assert [row["loss"] for row in history] == [1.5, None]
    assert [row["val_accuracy"] for row in history] == [None, 0.5]


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ([], "not the log of a training run"),
        ({}, "history"),
        ({"history": [{"loss": 1.0}]}, "history.0.step"),
        ({"history": [{"step": 1, "loss": "low"}]}, "history.0.loss"),
        ({"history": [{"step": -1}]}, "history.0.step"),
        ({"history": [{"step": 1, "val_accuracy": 98.0}]}, "history.0.val_accuracy"),
        ({"history": [{"step": 1, "seconds": 1e999}]}, "history.0.seconds"),
    ],
)
def test_a_log_that_is_none_is_refused_by_its_path(tmp_path, document, told):
    path = write(tmp_path / "train.json", document)

    with pytest.raises(DataError, match=told) as raised:
        read_history(path)
    assert str(path) in str(raised.value)


@given(document=JSON)
def test_any_json_is_a_curve_or_a_sentence(tmp_path_factory, document):
    path = write(tmp_path_factory.mktemp("log") / "train.json", {"history": document})

    told, history = "", []
    try:
        history = read_history(path)
    except DataError as error:
        told = str(error)
    assert told.startswith(f"{path}: not the log") or not told
    assert all(row["step"] >= 0 for row in history)


def test_runs_of_one_name_keep_a_curve_each(tmp_path):
    save_result(build_result(0.9, 1), tmp_path)
    for folder in ("a/run", "b/run", "run-2", "Run"):
        write(tmp_path / folder / "train.json", {"history": ROWS})

    names = {
        path.name for path in report_folders([tmp_path], tmp_path / "out", tmp_path)
    }

    curves = {
        name for name in names if name.startswith("learning_curve_") and "png" in name
    }
    assert len(curves) == 4


def test_copies_of_a_result_count_once(tmp_path, capsys):
    for folder in ("a", "b"):
        save_result(build_result(0.9, 1), tmp_path / folder)

    report_folders([tmp_path], tmp_path / "out", tmp_path)

    assert "1 of the 2 results are copies" in capsys.readouterr().err
    assert len((tmp_path / "out" / "results.csv").read_text().splitlines()) == 2


def test_the_largest_floats_are_no_curve(tmp_path):
    save_result(build_result(0.9, 1), tmp_path)
    rows = [{"step": 1, "loss": 1e308}, {"step": 2, "loss": -1e308}]
    write(tmp_path / "run" / "train.json", {"history": rows})

    names = {
        path.name for path in report_folders([tmp_path], tmp_path / "out", tmp_path)
    }

    assert not any(name.startswith("learning_curve") for name in names)
