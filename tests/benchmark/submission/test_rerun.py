"""Models that are evaluated again, on real images."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from fewbench.baselines.catalogue import load_learner
from fewbench.benchmark.evaluate import evaluate
from fewbench.benchmark.protocols.catalogue import find_protocol
from fewbench.benchmark.submission.check import check_submission
from fewbench.benchmark.submission.pack import pack_submission
from fewbench.benchmark.submission.rerun import difference_limits, rerun_submission
from fewbench.benchmark.submission.verdict import Verdict, verdict_on
from fewbench.reports.records import RunResult, count_correct
from fewbench_tests.boards import CARD
from fewbench_tests.paths import REPOSITORY

CHECKPOINT = REPOSITORY / "tests/compatibility/files/whole/best.safetensors"
PROTOCOL = find_protocol("glyphs-5w1s", n_episodes=200)


@pytest.fixture(scope="module")
def result(glyphs_root: Path) -> RunResult:
    learner = load_learner(str(CHECKPOINT), torch.device("cpu"))
    return evaluate(learner, PROTOCOL, root=glyphs_root)


def rerun(
    result: RunResult, folder: Path, root: Path, checkpoints: tuple[Path, ...] = ()
) -> Verdict:
    """Pack a result, and check it again with its checkpoint."""
    card = folder / "card.toml"
    card.write_text(CARD.format(name="A method", seeds=[result.train_seed]))
    bundle = folder / "a.fewbench.zip"
    assert pack_submission([result], card, bundle).has_passed
    checked = check_submission(bundle)
    reruns, findings = rerun_submission(bundle, checked, root, checkpoints)
    checked.findings.extend(findings)
    return verdict_on(checked, reruns)


def forged(result: RunResult, n_flipped: int) -> RunResult:
    """Return a result in which wrong answers of the first episodes became right."""
    predictions = result.predictions.copy()
    n_way = result.protocol.n_way
    truth = np.arange(n_way).repeat(result.protocol.n_query)
    wrong = np.argwhere(predictions != truth)[:n_flipped]
    predictions[tuple(wrong.T)] = truth[wrong[:, 1]]
    correct = count_correct(predictions, n_way)
    return replace(result, predictions=predictions, correct=correct, calibration=None)


def test_the_same_checkpoint_gives_the_same_answers(
    result, tmp_path, glyphs_root
) -> None:
    verdict = rerun(result, tmp_path, glyphs_root, (CHECKPOINT,))
    assert verdict.trust == "re-run"
    (found,) = verdict.reruns
    assert (found.n_differ, found.n_fresh) == (0, 600)
    assert found.low < 0 < found.high
    assert abs(found.fresh_mean - result.mean) < 0.05
    again = rerun(result, tmp_path, glyphs_root, (CHECKPOINT,))
    assert again.reruns[0].fresh_seed != found.fresh_seed


def test_made_up_answers_are_found(result, tmp_path, glyphs_root) -> None:
    n_flipped = int(0.03 * result.predictions.size)
    verdict = rerun(forged(result, n_flipped), tmp_path, glyphs_root, (CHECKPOINT,))
    assert verdict.trust == "refused"
    (finding,) = verdict.findings
    assert finding.code == "rerun"
    assert f"{n_flipped:,} of {result.predictions.size:,}" in finding.what


def test_a_few_made_up_answers_are_one_sided(result, tmp_path, glyphs_root) -> None:
    verdict = rerun(forged(result, 60), tmp_path, glyphs_root, (CHECKPOINT,))
    assert verdict.trust == "refused"
    assert "expected differences in both directions" in verdict.findings[0].what


def test_without_its_checkpoint_it_stays_re_scored(
    result, tmp_path, glyphs_root
) -> None:
    verdict = rerun(result, tmp_path, glyphs_root)
    assert verdict.trust == "re-scored"
    (finding,) = verdict.findings
    assert (finding.level, finding.code) == ("warning", "not-rerun")
    assert "no --checkpoint has the SHA-256" in finding.what


def test_random_answers_cannot_be_repeated(result, tmp_path, glyphs_root) -> None:
    random = replace(result, deterministic=False)
    verdict = rerun(random, tmp_path, glyphs_root, (CHECKPOINT,))
    assert verdict.trust == "re-scored"
    assert "answers are random" in verdict.findings[0].what


def test_the_limits_of_a_difference_by_hand() -> None:
    submitted = np.array([0.5, 0.7, 0.9])
    fresh = np.array([0.4, 0.6])
    # Means 0.7 and 0.5; variances 0.04 / 3 and 0.02 / 2; 3.2905 standard errors.
    low, high = difference_limits(submitted, fresh)
    half_width = 3.2905267 * np.sqrt(0.04 / 3 + 0.02 / 2)
    assert (low, high) == pytest.approx((0.2 - half_width, 0.2 + half_width))
