"""The model of a task, loaded from values for JSON."""

import json
from pathlib import Path

import pytest

from fewbench.baselines.learner import BaselineError
from fewbench.benchmark.cluster.model_source import ModelSource

SHAPE = (28, 28, 1)


def test_a_source_goes_through_json(tmp_path: Path) -> None:
    loading = {"device": "cpu", "name": "floor", "settings": []}
    source = ModelSource({"weights_sha256": None}, "centroid", loading)
    again = ModelSource(**json.loads(json.dumps(source.document())))
    assert again == source
    assert again.load(tmp_path, SHAPE).card.name == "floor"


def test_the_words_about_a_file_of_weights_arrive(tmp_path: Path) -> None:
    weights = {"backbone": "conv9", "width": None, "drop": ["fc"]}
    source = ModelSource({}, f"weights:{tmp_path / 'net.pt'}", {"weights": weights})
    (tmp_path / "net.pt").write_bytes(b"no weights")
    with pytest.raises(BaselineError, match="net.pt"):
        source.load(tmp_path, SHAPE)


def test_a_training_of_the_same_work_lies_in_its_folder(tmp_path: Path) -> None:
    source = ModelSource({"training": "ab"}, "training/ab/ab.safetensors")
    with pytest.raises(BaselineError, match=str(tmp_path / "training")):
        source.load(tmp_path, SHAPE)


@pytest.mark.parametrize("content", [b"no checkpoint", b"\x02" + bytes(7) + b"{}"])
def test_a_damaged_training_of_the_same_work_is_to_be_deleted(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "a.safetensors").write_bytes(content)
    source = ModelSource({"training": "ab"}, "a.safetensors")
    with pytest.raises(
        BaselineError, match=r"/a.safetensors: .*Delete this file"
    ) as no:
        source.load(tmp_path, SHAPE)
    assert "fewbench train" not in str(no.value)
