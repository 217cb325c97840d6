"""The model-index has the shape that Hugging Face documents."""

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fewbench.documents import printable
from fewbench.reports.leaderboard.board_rows import table_of
from fewbench.reports.leaderboard.model_index import model_index, yaml_text
from fewbench_tests.made_boards import FIVE_SHOTS, PROTOCOL, make_board

yaml = pytest.importorskip("yaml", reason="needs PyYAML, which mkdocs brings")

WORDS = st.text(alphabet="abc_-", min_size=1).filter(lambda word: word[0] in "abc")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(WORDS, inner),
    max_leaves=6,
)


def rows():
    board = make_board()
    for protocol in (PROTOCOL, FIVE_SHOTS):
        yield protocol, table_of(board, protocol).rows[0]


def test_required_fields_are_there() -> None:
    (model,) = model_index(rows())["model-index"]

    assert model["name"] == "ProtoNet"
    assert len(model["results"]) == 2
    for result in model["results"]:
        assert result["task"]["type"] == "image-classification"
        assert result["dataset"]["type"] == result["dataset"]["name"] == "glyphs"
        (metric,) = result["metrics"]
        assert metric["type"] == "accuracy"
        assert 0 < metric["value"] < 1


def test_the_metric_says_its_interval_and_episodes() -> None:
    (model,) = model_index(rows())["model-index"]
    metric = model["results"][0]["metrics"][0]
    _, row = next(rows())

    assert metric["value"] == row.mean
    assert metric["name"] == (
        f"mean of 60 episodes ± {row.half_width:.4f} (95 %, episodes-t), re-run"
    )
    assert metric["args"]["episodes"] == 60
    assert metric["args"]["training_seeds"] == 3


def test_withdrawn_rows_are_left_out() -> None:
    gone = [
        (one, dataclasses.replace(row, standing="withdrawn")) for one, row in rows()
    ]
    (model,) = model_index(gone)["model-index"]

    assert model["results"] == []


def test_yaml_reads_back_as_the_same_document() -> None:
    document = model_index(rows())

    assert yaml.safe_load(yaml_text(document)) == document


@settings(max_examples=25)
@given(st.dictionaries(WORDS, VALUES, min_size=1))
def test_any_document_reads_back(document) -> None:
    text = yaml_text(document)

    assert printable(text, keep="\n") == text
    assert yaml.safe_load(text) == printed(document)


def printed(value):
    """The document with each text as fewbench prints it."""
    if isinstance(value, dict):
        return {key: printed(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [printed(inner) for inner in value]
    return printable(value) if isinstance(value, str) else value
