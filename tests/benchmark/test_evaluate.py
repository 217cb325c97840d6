import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from torch import nn

from fewbench.baselines.centroid import Centroid
from fewbench.benchmark.environment import environment
from fewbench.benchmark.episode_files import export_episodes
from fewbench.benchmark.evaluate import evaluate, protocol_view
from fewbench.benchmark.protocols import find_protocol
from fewbench.datasets.info import DataError
from fewbench.reports.records import EvalProtocol
from fewbench.reports.result_files import load_result, save_result


@pytest.fixture(scope="session")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("glyphs")


@pytest.fixture(scope="session")
def protocol() -> EvalProtocol:
    return find_protocol("glyphs-5w1s", n_episodes=200)


def test_a_function_is_evaluated_in_three_lines(root: Path, protocol: EvalProtocol) -> None:
    def nearest(support_images, support_labels, query_images):
        support = support_images.reshape(len(support_images), -1) / 255
        query = query_images.reshape(len(query_images), 1, -1) / 255
        return -((query - support) ** 2).sum(axis=2)

    result = evaluate(nearest, protocol, root=root)
    reference = evaluate(Centroid(), protocol, root=root)

    # With one shot, the nearest support image is the nearest centroid, up to ties in float32.
    assert (result.predictions == reference.predictions).mean() > 0.999
    assert result.learner == "nearest"
    assert result.episodes_fingerprint == reference.episodes_fingerprint
    assert 0.2 < result.mean < 1


def test_an_encoder_is_evaluated_in_three_lines(root: Path, protocol: EvalProtocol) -> None:
    result = evaluate(nn.Flatten(), protocol, name="pixels", root=root)
    reference = evaluate(Centroid(), protocol, root=root)
    assert result.learner == "pixels"
    assert result.backbone == "Flatten"
    assert (result.predictions == reference.predictions).mean() > 0.999


def test_the_first_episodes_are_those_of_the_longer_protocol(
    root: Path, protocol: EvalProtocol
) -> None:
    short = evaluate(Centroid(), replace(protocol, n_episodes=50), root=root)
    long = evaluate(Centroid(), protocol, root=root)
    np.testing.assert_array_equal(short.predictions, long.predictions[:50])
    assert short.episodes_fingerprint != long.episodes_fingerprint


def test_a_result_says_where_it_comes_from_and_is_saved_without_loss(
    root: Path, protocol: EvalProtocol, tmp_path: Path
) -> None:
    result = evaluate(Centroid(), protocol, root=root)
    view = protocol_view(protocol, root)
    assert result.data_fingerprint == view.fingerprint
    assert result.environment == environment()
    assert set(result.seconds) == {"sample", "embed", "classify", "probe", "total"}
    assert not result.partial
    assert not result.transductive

    again = load_result(save_result(result, tmp_path))
    assert again.header() == result.header()
    np.testing.assert_array_equal(again.predictions, result.predictions)


def test_too_few_images_for_the_episode_get_a_sentence(root: Path, protocol: EvalProtocol) -> None:
    with pytest.raises(DataError, match="16 support .* has only 20; choose a protocol"):
        evaluate(Centroid(), replace(protocol, n_shot=16), root=root)


def test_exported_episodes_are_readable_with_numpy_alone(
    root: Path, protocol: EvalProtocol, tmp_path: Path
) -> None:
    sha256 = export_episodes(protocol, root, tmp_path / "a.npz")
    assert sha256 == hashlib.sha256((tmp_path / "a.npz").read_bytes()).hexdigest()
    assert export_episodes(protocol, root, tmp_path / "b.npz") == sha256

    with np.load(tmp_path / "a.npz", allow_pickle=False) as file:
        header = json.loads(str(file["header"]))
        support = file["image_keys"][file["support"]]
        query = file["image_keys"][file["query"]]
        classes = file["class_keys"][file["classes"]]
    evaluated = evaluate(Centroid(), protocol, root=root)
    assert header["episodes_fingerprint"] == evaluated.episodes_fingerprint
    assert support.shape == (200, 5, 1)
    assert query.shape == (200, 5, 15)
    for episode in (0, 199):
        for label in range(5):
            keys = [*support[episode, label], *query[episode, label]]
            assert {key.rsplit("/", 1)[0] for key in keys} == {classes[episode, label]}
            assert len(set(keys)) == 16
