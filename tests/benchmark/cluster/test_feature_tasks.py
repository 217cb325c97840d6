"""Embedding in tasks: the same features, however they are cut."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from fewbench.baselines.evaluation.features import Features
from fewbench.baselines.learner import EmbeddingLearner
from fewbench.benchmark.cluster.conditions import Conditions
from fewbench.benchmark.cluster.feature_tasks import feature_tasks, published_rows
from fewbench.benchmark.cluster.identity import fixed_images, identity_of
from fewbench.benchmark.cluster.model_source import ModelSource
from fewbench.benchmark.cluster.place import Place
from fewbench.benchmark.cluster.view_source import ViewSource
from fewbench.benchmark.cluster.worker import do_task
from fewbench.benchmark.models import Loading, load_model
from fewbench_tests.progress import no_progress

FACTORY = """
import torch
from torch import nn

def encoder():
    torch.manual_seed({seed})
    return nn.Sequential(nn.Conv2d(1, 4, 3, 2), nn.ReLU(), nn.Flatten())
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    name = f"embeds_{tmp_path.name}"
    (tmp_path / f"{name}.py").write_text(FACTORY.format(seed=0))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    return name


@pytest.fixture
def view_source(glyphs_root: Path) -> ViewSource:
    from fewbench.benchmark.protocols.stream import split_view

    view = split_view("glyphs", "val", glyphs_root, rotations=True)
    return ViewSource.of("glyphs", "val", view)


def embedding_learner(what: str) -> EmbeddingLearner:
    learner = load_model(what, Loading(device="cpu"))
    assert isinstance(learner, EmbeddingLearner)
    return learner


def source_of(what: str, view_source: ViewSource, root: Path) -> ModelSource:
    identity = identity_of(embedding_learner(what), view_source.open(root))
    return ModelSource(identity, what, {"device": "cpu"})


@pytest.fixture
def conditions() -> Conditions:
    return Conditions.here(torch.get_num_threads())


def test_the_features_are_those_of_one_process_however_tasks_are_cut(
    module: str,
    view_source: ViewSource,
    glyphs_root: Path,
    conditions: Conditions,
    tmp_path: Path,
) -> None:
    what = f"{module}:encoder"
    view = view_source.open(glyphs_root)
    everything = np.arange(len(view))
    expected = Features(embedding_learner(what), view).table(everything, no_progress)
    source = source_of(what, view_source, glyphs_root)
    for images_per_task in (1, 300, 10**6):
        tasks = list(
            feature_tasks(
                source, view_source, conditions, images_per_task=images_per_task
            )
        )
        place = Place(tmp_path / str(images_per_task), glyphs_root)
        for task in reversed(tasks):
            outcome = do_task(task, place)
            assert outcome.state == "done", outcome.reason
        rows = published_rows(tasks, place).at(everything)
        assert rows.tobytes() == expected.numpy().tobytes()
    first = next(feature_tasks(source, view_source, conditions, images_per_task=1))
    assert (first.body["start"], first.body["end"]) == (0, 128)
    assert first.title == "embed images 0 to 127 of glyphs val"


def test_a_model_that_became_another_one_is_refused(
    module: str,
    view_source: ViewSource,
    glyphs_root: Path,
    conditions: Conditions,
    tmp_path: Path,
) -> None:
    what = f"{module}:encoder"
    source = source_of(what, view_source, glyphs_root)
    (task,) = feature_tasks(source, view_source, conditions, images_per_task=10**6)
    del sys.modules[module]
    (tmp_path / f"{module}.py").write_text(FACTORY.format(seed=1) + "\n")
    outcome = do_task(task, Place(tmp_path / "work", glyphs_root))
    assert outcome.state == "failed"
    assert "gave a model with other weights when it was loaded again" in outcome.reason


def test_the_identity_is_that_of_all_that_decides_the_features(
    module: str, view_source: ViewSource, glyphs_root: Path
) -> None:
    view = view_source.open(glyphs_root)
    one = identity_of(embedding_learner(f"{module}:encoder"), view)
    assert one == identity_of(embedding_learner(f"{module}:encoder"), view)
    centroid = identity_of(embedding_learner("centroid"), view)
    assert centroid["weights_sha256"] is None
    assert centroid["features_sha256"] != one["features_sha256"]
    # What the images become before the encoder sees them counts too.
    document = view_source.document() | {"preparation": {"invert": True}}
    inverted = ViewSource.parsed(document).open(glyphs_root)
    other = identity_of(embedding_learner(f"{module}:encoder"), inverted)
    assert other["weights_sha256"] == one["weights_sha256"]
    assert other["features_sha256"] != one["features_sha256"]
    # These images are part of what an identity means, so they never change.
    images = fixed_images((28, 28, 1))
    assert images.shape == (64, 28, 28, 1)
    assert images[0, 0, :5, 0].tolist() == GOLDEN


GOLDEN = [22, 160, 164, 254, 237]
