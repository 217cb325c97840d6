"""The document of stored features: written, read, and refused if it is not what was written."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fewbench.baselines.learner import BaselineError, LearnerCard, TrainingData
from fewbench.benchmark.feature_file import (
    NAME,
    EmbeddedImages,
    FeatureFile,
    FeaturePart,
    read_feature_file,
    write_feature_file,
)
from fewbench.reports.origin import Checks, ImagePreparation

HEX = "ab" * 32
FILE = FeatureFile(
    schema_version=1,
    id=HEX,
    card=LearnerCard(
        "mine",
        recipe={"lr": 0.1, "seed": 3, "note": None},
        trained_on=TrainingData("glyphs", ("train",), (HEX,)),
        image_shape=(28, 28, 1),
    ),
    head="protonet",
    scores_are="logits",
    temperature=2.0,
    images=EmbeddedImages(
        dataset="glyphs",
        split="val",
        fingerprint=HEX,
        n_images=7,
        image_shape=(28, 28, 1),
        rotations=False,
        preparation=ImagePreparation(size=28, mean=(0.5,)),
    ),
    identity={"weights_sha256": HEX, "bytes_per_image": 8},
    conditions={"threads": 1},
    checks=Checks(order=True),
    parts=(
        FeaturePart(f"features/ab/{HEX}.npy", HEX, 4),
        FeaturePart(f"features/ab/{HEX}.npy", HEX, 3),
    ),
)


def test_a_document_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = write_feature_file(tmp_path, FILE)
    file = read_feature_file(tmp_path)
    assert (file.card, file.images, file.parts) == (FILE.card, FILE.images, FILE.parts)
    content = path.read_bytes()
    write_feature_file(tmp_path, file)
    assert path.read_bytes() == content


def changed(path: Path, **values: object) -> None:
    document = json.loads(path.read_text())
    path.write_text(json.dumps({**document, **values}))


def test_what_is_wrong_with_a_document_is_said_on_one_line(tmp_path: Path) -> None:
    with pytest.raises(BaselineError, match="holds no stored features") as refused:
        read_feature_file(tmp_path)
    assert "\n" not in str(refused.value)
    path = write_feature_file(tmp_path, FILE)
    changed(path, temperature=1.0)
    with pytest.raises(BaselineError, match="changed by hand"):
        read_feature_file(tmp_path)
    changed(path, schema_version=2)
    with pytest.raises(BaselineError, match="written by a newer fewbench"):
        read_feature_file(tmp_path)
    write_feature_file(tmp_path, FILE)
    part = {"path": "features/ab/../../secret.npy", "sha256": HEX, "n_images": 7}
    changed(path, parts=[part])
    with pytest.raises(BaselineError, match=r"parts.0.path"):
        read_feature_file(tmp_path)
    path.write_text("{}")
    with pytest.raises(BaselineError, match="is missing"):
        read_feature_file(tmp_path)


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.data())
def test_any_other_bytes_are_refused(tmp_path: Path, data: st.DataObject) -> None:
    content = write_feature_file(tmp_path, FILE).read_bytes()
    place = data.draw(st.integers(0, len(content) - 1))
    byte = data.draw(st.integers(0, 255))
    forged = content[:place] + bytes([byte]) + content[place + 1 :]
    try:
        if json.loads(forged) == json.loads(content):
            return
    except ValueError:
        pass
    (tmp_path / NAME).write_bytes(forged)
    with pytest.raises(BaselineError):
        read_feature_file(tmp_path)
