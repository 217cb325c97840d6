import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewbench.benchmark.learning_curves import read_histories, read_history
from fewbench.datasets.info import DataError

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
        ({"history": [{"step": 1, "seconds": 1e999}]}, "finite numbers"),
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


def test_runs_are_named_after_their_folders_and_numbered(tmp_path):
    for folder in ("a/run", "b/run", "run-2", "Run", "метод А", "a  b"):
        write(tmp_path / folder / "train.json", {"history": ROWS})

    names = read_histories([tmp_path, tmp_path / "a"], {})

    assert sorted(names) == ["Run", "a-b", "run", "run-2", "run-2-2", "метод А"]
