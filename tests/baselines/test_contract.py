"""What every learner promises, through every backend and on every device that is here."""

from pathlib import Path

import numpy as np
import pytest
import torch

from fewbench.baselines.catalogue import (
    UNTRAINED,
    load_learner,
    make_learner,
)
from fewbench.baselines.evaluation.examiner import answer
from fewbench.baselines.evaluation.probe import probe
from fewbench.baselines.families import BACKENDS
from fewbench.baselines.learner import Learner
from fewbench.baselines.recipe_files import load_recipe
from fewbench.baselines.training import TrainBudget, Trainer, TrainViews
from fewbench.datasets.episodes import EpisodeBatch, EpisodeSpec, sample_episodes
from fewbench.datasets.store.split_store import SplitStore
from fewbench.datasets.view import ImageView
from fewbench_tests.cuda import EACH_DEVICE

SPEC = EpisodeSpec(5, 2, 3)
SHAPE = (28, 28, 1)
TRAINED = [(name, backend) for backend, names in BACKENDS.items() for name in names]


@pytest.fixture(params=EACH_DEVICE)
def device(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="session")
def view(bars: dict[str, SplitStore]) -> ImageView:
    return ImageView([bars["test"]], rotations=True)


@pytest.fixture(scope="session")
def episodes(view: ImageView) -> EpisodeBatch:
    return sample_episodes(view.class_offsets, SPEC, 3, 0, 8)


def learner_of(name: str, backend: str, device: str) -> Learner:
    if name in UNTRAINED:
        return UNTRAINED[name](torch.device(device))
    if backend != "native":
        pytest.importorskip(backend, reason=f"{backend} is not installed")
    settings = ["width=8", f"backend={backend}", "precision=fp32"]
    return make_learner(
        load_recipe(f"{name}-glyphs", settings), SHAPE, torch.device(device)
    )


@pytest.mark.parametrize(("name", "backend"), [*TRAINED, ("centroid", "native")])
def test_a_learner_keeps_its_promises(
    name: str, backend: str, device: str, view: ImageView, episodes: EpisodeBatch
) -> None:
    learner = learner_of(name, backend, device)
    support = view.images(episodes.support[0].reshape(-1))
    query = view.images(episodes.query[0].reshape(-1))
    labels = np.arange(SPEC.n_way).repeat(SPEC.n_shot)

    found = probe(learner, support, labels, query)
    assert found.deterministic
    assert found.transductive == learner.transductive

    scores = learner.predict(support, labels, query)
    assert scores.shape == (15, 5)
    assert np.isfinite(scores).all()
    order = np.random.default_rng(0).permutation(len(labels))
    again = learner.predict(support[order], labels[order], query)
    np.testing.assert_allclose(again, scores, rtol=1e-3, atol=1e-3 * scores.std())

    first = answer(learner, view, episodes, 3).predictions
    np.testing.assert_array_equal(first, answer(learner, view, episodes, 3).predictions)


@pytest.mark.parametrize(("name", "backend"), TRAINED)
def test_a_trained_learner_comes_back_from_its_checkpoint(
    name: str, backend: str, device: str, bars: dict[str, SplitStore], tmp_path: Path
) -> None:
    if backend != "native":
        pytest.importorskip(backend, reason=f"{backend} is not installed")
    settings = ["width=8", "dataset=bars", "way=5", "steps=2", "validate_every=2"]
    settings += [
        "val_episodes=4",
        "val_query=3",
        f"backend={backend}",
        "precision=fp32",
    ]
    views = TrainViews(ImageView([bars["train"]]), ImageView([bars["val"]]))
    trainer = Trainer(
        load_recipe(f"{name}-glyphs", settings),
        views,
        tmp_path,
        TrainBudget(device=device),
    )
    trainer.run()
    episodes = sample_episodes(views.train.class_offsets, SPEC, 0, 0, 4)
    before = answer(trainer.learner, views.train, episodes, 0).predictions
    loaded = load_learner(str(tmp_path), torch.device(device))
    np.testing.assert_array_equal(
        answer(loaded, views.train, episodes, 0).predictions, before
    )
    assert loaded.card.recipe["trained_steps"] == 2
