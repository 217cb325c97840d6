from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from fewbench.baselines.any_model import as_learner
from fewbench.baselines.learner import BaselineError
from fewbench.baselines.metric.centroid import Centroid
from fewbench.baselines.preparation import Preparation
from fewbench.benchmark.episodes import find_episodes
from fewbench.benchmark.evaluate import evaluate
from fewbench.benchmark.evaluate_into import ResultFolder, evaluate_into
from fewbench.benchmark.preparing import prepared_stream
from fewbench.benchmark.protocols.catalogue import find_protocol
from fewbench.benchmark.protocols.stream import EpisodeStream
from fewbench.benchmark.stopping import StopRule
from fewbench.datasets.info import DataError
from fewbench.reports.result_files import load_result


@pytest.fixture
def stream(glyphs_root: Path) -> EpisodeStream:
    return find_episodes(find_protocol("glyphs-5w1s", n_episodes=20), glyphs_root)


def test_a_result_is_saved_and_never_replaced_unasked(
    stream: EpisodeStream, tmp_path: Path
) -> None:
    out = tmp_path / "new" / "results"

    [(path, result)] = evaluate_into(ResultFolder(out), Centroid(), [stream])

    assert path == out / "glyphs-5w1s-20ep__centroid__seed0.json"
    assert load_result(path).header() == result.header()
    with pytest.raises(
        DataError, match=f"{path}: .*centroid, train seed 0.*--overwrite"
    ):
        evaluate_into(ResultFolder(out), Centroid(), [stream])
    written = path.stat().st_mtime_ns
    skipping = ResultFolder(out, skip_existing=True)
    assert evaluate_into(skipping, Centroid(), [stream]) == []
    assert path.stat().st_mtime_ns == written
    evaluate_into(ResultFolder(out, overwrite=True), Centroid(), [stream])
    assert path.stat().st_mtime_ns > written


def test_a_result_that_came_meanwhile_is_not_replaced(
    stream: EpisodeStream, tmp_path: Path
) -> None:
    """The same protocol twice: the second finds the result of the first."""
    with pytest.raises(DataError, match="there is a result of this name already"):
        evaluate_into(ResultFolder(tmp_path), Centroid(), [stream, stream])
    skipping = ResultFolder(tmp_path / "other", skip_existing=True)
    saved = evaluate_into(skipping, Centroid(), [stream, stream])
    assert len(saved) == 1


def test_several_protocols_embed_each_image_once(
    glyphs_root: Path, tmp_path: Path
) -> None:
    class Counting(Centroid):
        n_images = 0

        def embed(self, images: np.ndarray) -> torch.Tensor:
            self.n_images += len(images)
            return super().embed(images)

    learner = Counting()
    stages: list[str] = []

    def progress(stage: str, done: int, total: int, remark: str = "") -> None:
        stages.append(stage)

    protocols = [find_protocol(f"glyphs-5w{k}s", n_episodes=60) for k in (1, 5)]
    streams = [find_episodes(protocol, glyphs_root) for protocol in protocols]
    saved = evaluate_into(ResultFolder(tmp_path), learner, streams, progress=progress)

    probed = 4 * 5 * (1 + 5) + 2 * 80 * 5
    assert 117 * 20 < learner.n_images <= 117 * 20 + probed
    assert set(stages) == {
        "glyphs-5w1s-60ep: embed",
        "glyphs-5w1s-60ep: classify",
        "glyphs-5w5s-60ep: classify",
    }
    for protocol, (_, result) in zip(protocols, saved, strict=True):
        alone = evaluate(Centroid(), protocol, root=glyphs_root)
        assert result.predictions.tobytes() == alone.predictions.tobytes()


def test_a_stop_rule_shows_in_the_protocol_and_the_file(
    glyphs_root: Path, tmp_path: Path
) -> None:
    stop = StopRule(0.001, 20)
    stream = find_episodes("glyphs-5w1s", glyphs_root, stop)

    [(path, result)] = evaluate_into(
        ResultFolder(tmp_path), Centroid(), [stream], stop=stop
    )

    assert path.name == "glyphs-5w1s-until-0.1pct__centroid__seed0.json"
    assert result.protocol.n_episodes == 20


def test_an_unusable_folder_is_refused_before_the_evaluation(
    stream: EpisodeStream, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError):
        evaluate_into(ResultFolder(tmp_path / "file"), Centroid(), [stream])


def test_images_that_a_learner_does_not_take_are_refused_before_the_first_evaluation(
    stream: EpisodeStream, tmp_path: Path
) -> None:
    larger = prepared_stream(stream, Preparation(size=56))
    other = replace(larger, protocol=replace(larger.protocol, name="larger"))
    streams = [stream, other]
    takes_any = torch.nn.Flatten()
    learner = as_learner(takes_any, "any")
    assert len(evaluate_into(ResultFolder(tmp_path), learner, streams)) == 2
    takes_28 = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(28 * 28, 4))
    learner = as_learner(takes_28, "only-28")
    with pytest.raises(BaselineError, match=r"the shape \(2, 1, 56, 56\).*--size"):
        evaluate_into(ResultFolder(tmp_path), learner, streams)
    assert not list(tmp_path.glob("*only-28*"))
