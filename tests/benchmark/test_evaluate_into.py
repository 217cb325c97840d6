from pathlib import Path

import pytest

from fewbench.baselines.learner import BaselineError
from fewbench.baselines.metric.centroid import Centroid
from fewbench.benchmark.evaluate_into import Evaluation, evaluate_run, load_on_device
from fewbench.benchmark.protocols.catalogue import find_protocol
from fewbench.benchmark.protocols.draw import draw
from fewbench.benchmark.stopping import StopRule
from fewbench.datasets.info import DataError
from fewbench.reports.result_files import load_result

PROTOCOL = find_protocol("glyphs-5w1s", n_episodes=20)


def test_a_result_is_saved_and_never_replaced_unasked(
    glyphs_root: Path, tmp_path: Path
) -> None:
    evaluation = Evaluation(PROTOCOL, root=glyphs_root)
    out = tmp_path / "new" / "results"

    path, result = evaluate_run(Centroid(), evaluation, out)

    assert path == out / "glyphs-5w1s-20ep__centroid__seed0.json"
    assert load_result(path).header() == result.header()
    with pytest.raises(DataError, match=f"{path}: .*--overwrite"):
        evaluate_run(Centroid(), evaluation, out)
    evaluate_run(Centroid(), evaluation, out, overwrite=True)


def test_drawn_episodes_are_evaluated_as_they_are(
    glyphs_root: Path, tmp_path: Path
) -> None:
    drawn = draw(PROTOCOL, glyphs_root)
    stages = []

    def progress(stage: str, done: int, total: int, remark: str = "") -> None:
        stages.append(stage)

    _, result = evaluate_run(Centroid(), Evaluation(drawn), tmp_path, progress=progress)

    assert result.episodes_fingerprint == drawn.fingerprint
    assert set(stages) == {"embed", "classify"}


def test_a_stop_rule_shows_in_the_protocol_and_the_file(
    glyphs_root: Path, tmp_path: Path
) -> None:
    evaluation = Evaluation(
        find_protocol("glyphs-5w1s"), StopRule(0.001, 20), glyphs_root
    )
    assert evaluation.protocol.name == "glyphs-5w1s-until-0.1pct"

    path, result = evaluate_run(Centroid(), evaluation, tmp_path)

    assert path.name == "glyphs-5w1s-until-0.1pct__centroid__seed0.json"
    assert result.protocol.n_episodes == 20


def test_an_unusable_folder_is_refused_before_the_evaluation(
    glyphs_root: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError):
        evaluate_run(Centroid(), Evaluation(PROTOCOL), tmp_path / "file")


def test_a_learner_is_loaded_by_the_words_of_a_user() -> None:
    assert load_on_device("centroid", "cpu", "fp32").card.name == "centroid"
    with pytest.raises(BaselineError, match="tpu"):
        load_on_device("centroid", "tpu", "fp32")
    with pytest.raises(BaselineError, match="'centroid'"):
        load_on_device("centriod", "cpu", "fp32")
