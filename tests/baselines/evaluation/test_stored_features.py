"""Features that were embedded before: the same bits, for any view of the split."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from fewbench.baselines.evaluation.examiner import Examiner, few_images
from fewbench.baselines.evaluation.feature_rows import (
    FeaturePath,
    FeatureRows,
    save_features,
)
from fewbench.baselines.evaluation.features import Features, embedding_order
from fewbench.baselines.evaluation.stored_features import StoredFeatures, StoredIn
from fewbench.baselines.learner import BaselineError
from fewbench.baselines.metric.centroid import Centroid
from fewbench.datasets.episodes import EpisodeSpec, sample_episodes
from fewbench.datasets.store.split_store import SplitStore
from fewbench.datasets.view import ImageView
from fewbench_tests.progress import no_progress


class Projected(Centroid):
    """Projects the pixels by fixed random numbers."""

    n_embedded = 0

    def embed(self, images: np.ndarray) -> Tensor:
        self.n_embedded += len(images)
        pixels = super().embed(images).float()
        torch.manual_seed(0)
        return pixels @ torch.randn(pixels.shape[1], 16)


@pytest.fixture
def view(bars: dict[str, SplitStore]) -> ImageView:
    return ImageView([bars["test"]], rotations=True)


def stored(view: ImageView, folder: Path, cuts: list[int]) -> FeatureRows:
    """The features of all images in files that are cut after these images."""
    features = Features(Projected(), view)
    everything = np.arange(len(view))
    table = features.table(everything, no_progress).at(everything)
    ends = [*cuts, len(view)]
    paths = []
    start = 0
    for end in ends:
        path = save_features(folder / f"{end}.npy", [table[start:end]])
        paths.append(FeaturePath(path))
        start = end
    return FeatureRows.opened(paths)


def test_all_episodes_of_the_view_get_the_same_bits(
    view: ImageView, tmp_path: Path
) -> None:
    spec = EpisodeSpec(3, 1, 2)
    episodes = sample_episodes(view.class_offsets, spec, 7, start=0, count=12)
    learner = Projected()
    direct = Examiner(learner, view, 7).answer(episodes)
    reader = Projected()
    features = StoredFeatures(reader, view, stored(view, tmp_path, [1, 130, 300]))
    # Few images are used, but the features of all images are there.
    few = few_images(view, [episodes])
    assert few is not None
    examiner = Examiner(reader, view, 7, images=few, features=features)
    answers = examiner.answer(episodes)
    assert answers.predictions.tobytes() == direct.predictions.tobytes()
    assert answers.first_scores is not None
    assert direct.first_scores is not None
    assert answers.first_scores.tobytes() == direct.first_scores.tobytes()
    assert answers.embedded == "split"
    assert reader.n_embedded == 0


def test_upright_images_are_found_among_rotated_ones(
    view: ImageView, bars: dict[str, SplitStore], tmp_path: Path
) -> None:
    rows = stored(view, tmp_path, [200])
    upright = ImageView([bars["test"]])
    features = StoredFeatures(Projected(), upright, rows, StoredIn.of(view))
    images = np.array([5, 0, 159, 80])
    features.table(images, no_progress)
    expected = Projected().embed(upright.images(images))
    torch.testing.assert_close(features.of(images), expected, rtol=0, atol=0.1)
    # With rotations chosen anew in each episode, the images are the same.
    turned = ImageView([bars["test"]], task_rotations=True)
    features = StoredFeatures(Projected(), turned, rows, StoredIn.of(view))
    images = np.array([5, 639])
    features.table(images, no_progress)
    expected = Projected().embed(turned.images(images))
    torch.testing.assert_close(features.of(images), expected, rtol=0, atol=0.1)


def test_other_images_are_refused(
    view: ImageView, bars: dict[str, SplitStore], tmp_path: Path
) -> None:
    rows = stored(view, tmp_path, [])
    with pytest.raises(BaselineError, match="expected those of the 120 images"):
        StoredFeatures(Projected(), ImageView([bars["val"]]), rows, StoredIn.of(view))
    upright = ImageView([bars["test"]])
    with pytest.raises(BaselineError, match="got 640 rows"):
        StoredFeatures(Projected(), upright, rows)


def test_values_that_are_not_finite_are_refused(
    view: ImageView, tmp_path: Path
) -> None:
    values = torch.full((len(view), 3), torch.nan)
    path = save_features(tmp_path / "one.npy", [values])
    rows = FeatureRows.opened([FeaturePath(path)])
    features = StoredFeatures(Centroid(), view, rows)
    with pytest.raises(BaselineError, match="NaN or inf"):
        features.table(embedding_order(view), no_progress)
