"""features:FOLDER in place of a model."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from fewbench.baselines.evaluation.stored_learner import StoredLearner
from fewbench.baselines.learner import BaselineError, EmbeddingLearner
from fewbench.baselines.metric.centroid import Centroid
from fewbench.baselines.weights.choice import WeightsChoice
from fewbench.benchmark import stored_model
from fewbench.benchmark.episodes import find_episodes
from fewbench.benchmark.evaluate import evaluate, probe
from fewbench.benchmark.models import Loading, load_model
from fewbench.benchmark.protocols.catalogue import find_protocol
from fewbench.benchmark.protocols.stream import EpisodeStream, split_view
from fewbench.benchmark.stored_model import as_embedded
from fewbench.files import file_digest
from fewbench_tests.stored import embed_here, write_encoder


class OwnHead(Centroid):
    """Compares features in its own way."""

    def classify(self, support_features, query_features):
        return super().classify(support_features, query_features) / 2


def own_head() -> EmbeddingLearner:
    return OwnHead()


@pytest.fixture
def stored(tmp_path: Path, glyphs_root: Path) -> Path:
    folder = tmp_path / "stored"
    embed_here(folder, glyphs_root)
    return folder


def load(folder: Path, **options: object) -> StoredLearner:
    loading = Loading(device="cpu", **options)  # pyright: ignore[reportArgumentType]
    learner = load_model(f"features:{folder}", loading)
    assert isinstance(learner, StoredLearner)
    return learner


def stream_of(
    root: Path, name: str = "glyphs-5w1s", **changes: object
) -> EpisodeStream:
    values = {"split": "val", "n_episodes": 40, **changes}
    protocol = find_protocol(name, **values)  # pyright: ignore[reportArgumentType]
    return find_episodes(protocol, root)


@pytest.mark.parametrize("name", ["glyphs-5w1s", "glyphs-5w5s"])
def test_answers_are_those_of_the_model_bit_for_bit(
    stored: Path, glyphs_root: Path, name: str
) -> None:
    learner = load(stored)
    stream = stream_of(glyphs_root, name, n_episodes=300)
    (embedded,) = as_embedded(learner, [stream])
    result = evaluate(learner, embedded)
    direct = evaluate(Centroid(), stream)
    assert result.predictions.tobytes() == direct.predictions.tobytes()
    assert direct.embedded == result.embedded == "split"
    assert result.checks == direct.checks
    assert (result.learner, result.backbone) == ("centroid", "pixels")


def test_the_model_and_its_transform_may_be_gone(
    tmp_path: Path, glyphs_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    module = write_encoder(tmp_path)
    preparation = {"transform": f"{module}:crop", "mean": [0.5]}
    folder = tmp_path / "stored"
    embed_here(folder, glyphs_root, f"{module}:encoder", preparation=preparation)
    (tmp_path / f"{module}.py").unlink()
    del sys.modules[module]
    learner = load(folder)
    (stream,) = as_embedded(learner, [stream_of(glyphs_root)])
    result = evaluate(learner, stream)
    assert result.preparation is not None
    assert result.preparation.transform == f"{module}:crop"
    assert result.pixels is not None
    assert (result.pixels.height, result.pixels.width) == (24, 24)
    assert result.deterministic is True


def test_another_head_gets_another_name(stored: Path, glyphs_root: Path) -> None:
    cosine = load(stored, weights=WeightsChoice(head="cosine"))
    assert cosine.card.name == "centroid-cosine"
    assert cosine.scores_are == "scores"
    stream = stream_of(glyphs_root)
    assert not np.array_equal(
        evaluate(cosine, stream).predictions, evaluate(Centroid(), stream).predictions
    )
    with pytest.raises(
        BaselineError, match="--head maml: expected one of protonet, cos"
    ):
        load(stored, weights=WeightsChoice(head="maml"))


def test_a_head_of_its_own_has_to_be_replaced(
    tmp_path: Path, glyphs_root: Path
) -> None:
    folder = tmp_path / "own"
    embed_here(folder, glyphs_root, f"{__name__}:own_head")
    with pytest.raises(BaselineError, match="code of its own, which is not stored"):
        load(folder)
    learner = load(folder, weights=WeightsChoice(head="protonet"))
    assert learner.card.name == "centroid-protonet"


def test_other_images_are_refused_with_the_command(
    stored: Path, glyphs_root: Path
) -> None:
    learner = load(stored)
    with pytest.raises(
        BaselineError, match=r"of glyphs test, got those of glyphs val\..*--split test"
    ):
        as_embedded(learner, [stream_of(glyphs_root, split="test")])
    upright = stream_of(glyphs_root)
    view = split_view("glyphs", "val", glyphs_root, rotations=True)
    rotated = EpisodeStream(upright.protocol, view)
    with pytest.raises(BaselineError, match=r"without them\..* --rotations$"):
        as_embedded(learner, [rotated])


def test_upright_images_are_answered_from_rotated_ones(
    tmp_path: Path, glyphs_root: Path
) -> None:
    folder = tmp_path / "rotated"
    file = embed_here(folder, glyphs_root, rotations=True)
    assert file.images.n_images == 4 * 1120
    learner = load(folder)
    stream = stream_of(glyphs_root)
    as_embedded(learner, [stream])
    # Pixels as features are the same in any batch.
    result = evaluate(learner, stream)
    direct = evaluate(Centroid(), stream)
    assert result.predictions.tobytes() == direct.predictions.tobytes()


def test_options_that_cannot_change_features_are_refused(stored: Path) -> None:
    for options in (
        {"settings": ("a=1",)},
        {"features": "pooled"},
        {"batch_size": 3},
        {"precision": "bf16"},
        {"weights": WeightsChoice(backbone="conv4")},
    ):
        with pytest.raises(BaselineError, match="cannot change features"):
            load(stored, **options)
    learner = load(stored, name="mine", train_seed=4)
    assert (learner.card.name, learner.card.train_seed) == ("mine", 4)


@pytest.mark.parametrize("damage", ["cut", "missing", "flipped"])
def test_damaged_features_are_refused_on_one_line(stored: Path, damage: str) -> None:
    (path,) = (stored / "features").rglob("*.npy")
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(content[:-4] if damage == "cut" else content)
    with pytest.raises(BaselineError, match="stored features are damaged") as refused:
        load(stored)
    assert "\n" not in str(refused.value)


def test_features_that_change_before_they_are_opened_are_refused(
    stored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (path,) = (stored / "features").rglob("*.npy")

    def digest_and_change(file: Path, algorithm: str) -> str:
        digest = file_digest(file, algorithm)
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(content)
        return digest

    monkeypatch.setattr(stored_model, "file_digest", digest_and_change)
    with pytest.raises(BaselineError, match="got one that changed while it was read"):
        load(stored)


def test_features_that_change_during_the_evaluation_are_refused(
    stored: Path, glyphs_root: Path
) -> None:
    learner = load(stored)
    (path,) = (stored / "features").rglob("*.npy")
    os.utime(path, ns=(0, 0))
    with pytest.raises(BaselineError, match="got one that changed while it was read"):
        evaluate(learner, stream_of(glyphs_root))


def test_what_needs_the_encoder_is_refused(stored: Path, glyphs_root: Path) -> None:
    learner = load(stored)
    with pytest.raises(BaselineError, match="cannot be probed"):
        probe(learner, stream_of(glyphs_root))
    with pytest.raises(BaselineError, match="expected the encoder of centroid"):
        learner.embed(np.zeros((2, 28, 28, 1), np.uint8))
