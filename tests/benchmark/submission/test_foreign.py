"""Results of other programs: read as ours are, and refused with a reason."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fewbench.benchmark.submission.card import read_card
from fewbench.benchmark.submission.foreign import is_foreign, load_foreign
from fewbench.reports.records import ResultError, RunResult
from fewbench_tests.honest_results import build_honest
from fewbench_tests.made_bundles import card_document, foreign_files

HONEST = build_honest(n_episodes=6, n_query=3)


def write(folder: Path, result: RunResult = HONEST, **changes: Any) -> Path:
    """The two files of a result of another program.

    changes: fields of the document, or arrays
    """
    arrays = {name: one for name, one in changes.items() if isinstance(one, np.ndarray)}
    fields = {name: one for name, one in changes.items() if name not in arrays}
    document, packed = foreign_files(result, fields, arrays)
    (folder / "a.npz").write_bytes(packed)
    path = folder / "a.json"
    path.write_bytes(document)
    return path


def test_it_is_read_as_a_result(tmp_path: Path) -> None:
    card, _ = read_card(card_document(), "card")
    path = write(tmp_path)

    result = load_foreign(path, card)

    assert is_foreign(path)
    assert result.protocol == HONEST.protocol
    assert (result.predictions == HONEST.predictions).all()
    assert result.mean == HONEST.mean
    assert result.backbone == "conv4-64"
    assert result.created_utc == "2026-11-26T00:00:00+00:00"
    assert result.train_seed == 0


def test_without_a_card_it_is_read_too(tmp_path: Path) -> None:
    assert load_foreign(write(tmp_path), None).backbone == "unknown"


@pytest.mark.parametrize(
    "data", [b"{}", b"[]", b"", b"{", b'{"format": "fewbench-episodes"}']
)
def test_another_document_is_not_foreign(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(data)

    assert not is_foreign(tmp_path / "a.json")
    assert not is_foreign(tmp_path / "none.json")


LABELS = HONEST.predictions
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"predictions": LABELS[:5]}, r"expected uint8 \(6, 15\), got uint8 \(5, 15\)"),
    ({"predictions": LABELS[:, :9]}, r"expected uint8 \(6, 15\), got uint8 \(6, 9\)"),
    ({"predictions": LABELS.ravel()}, r"got uint8 \(90,\)"),
    ({"predictions": LABELS.astype(bool)}, r"expected uint8 .* got bool"),
    ({"predictions": LABELS.astype("S1")}, r"expected uint8 .* got \|S1"),
    ({"predictions": LABELS + np.uint8(1)}, "expected labels 0 to 4, got 5"),
    ({"predictions": LABELS.astype(np.int64)}, "expected uint8 .* got int64"),
    (
        {"predictions": np.zeros((6, 15, 800))},
        r"predictions: expected uint8 \(6, 15\), got float64 \(6, 15, 800\)",
    ),
    (
        {"classes": np.zeros((9999, 5), np.uint16)},
        r"classes: expected uint16 \(6, 5\), got uint16 \(9999, 5\)",
    ),
    ({"class_names": np.full(117, "x" * 10_000)}, "class_names.npy unpacks to"),
    ({"classes": HONEST.classes + np.uint16(500)}, "expected class numbers 0 to 116"),
    ({"classes": HONEST.classes[:, :2]}, r"classes: expected uint16 \(6, 5\)"),
    ({"class_sizes": HONEST.class_sizes[:9]}, r"class_sizes: expected int32 \(117,\)"),
    ({"class_names": np.arange(117)}, "a one-dimensional array of strings"),
    ({"class_names": np.full(117, "\ud800")}, "class_names: expected text"),
    ({"more": LABELS}, "it holds"),
    ({"train_seed": -1}, "train_seed: expected a number greater than or equal to 0"),
    ({"train_seed": "0"}, "train_seed: expected a whole number"),
    ({"learner": "a\u202eb"}, "cannot hold the character"),
    ({"date": "yesterday"}, "date: expected a valid date"),
    ({"date": "2026-13-01"}, "date: expected a valid date"),
    ({"data_fingerprint": "abc"}, "data_fingerprint: String should match"),
    ({"schema_version": 2}, "schema_version: expected 1"),
    ({"colour": "red"}, "colour: is no known key"),
    ({"protocol": {}}, "protocol.* is missing"),
]


@pytest.mark.parametrize(("changes", "words"), REFUSED)
def test_a_fault_is_refused(
    changes: dict[str, Any], words: str, tmp_path: Path
) -> None:
    with pytest.raises(ResultError, match=words) as refused:
        load_foreign(write(tmp_path, **changes), None)
    assert str(refused.value).isprintable()


def test_missing_arrays_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path)
    path.with_suffix(".npz").unlink()

    with pytest.raises(ResultError, match=r"no \.npz of this name beside it"):
        load_foreign(path, None)


def test_a_missing_field_is_named(tmp_path: Path) -> None:
    path = write(tmp_path)
    document = json.loads(path.read_text())
    del document["episodes_fingerprint"]
    path.write_text(json.dumps(document))

    with pytest.raises(ResultError, match="episodes_fingerprint is missing"):
        load_foreign(path, None)
