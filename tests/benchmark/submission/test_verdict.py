"""The verdict on a bundle, as a board keeps it."""

import json
from pathlib import Path

import pytest

from fewbench.benchmark.submission.bundle_bytes import bundle_sha256
from fewbench.benchmark.submission.check import check_submission
from fewbench.benchmark.submission.scored_result import read_counts
from fewbench.benchmark.submission.verdict import (
    CHECK_VERSION,
    load_verdict,
    save_verdict,
    verdict_on,
    verdict_path,
)
from fewbench.errors import UserError
from fewbench_tests.made_bundles import changed, pack, two_seeds


def test_it_has_the_numbers_of_the_predictions(tmp_path: Path) -> None:
    bundle = pack(tmp_path)

    verdict = verdict_on(check_submission(bundle))

    assert verdict.trust == "re-scored"
    assert verdict.check_version == CHECK_VERSION
    assert verdict.bundle_sha256 == bundle_sha256(bundle)
    for scored, result in zip(verdict.results, two_seeds(), strict=True):
        assert scored.mean == result.mean
        assert read_counts(scored.correct).tolist() == result.correct.tolist()
        assert scored.train_seed == result.train_seed
        assert scored.date == "2025-01-01"
        assert scored.interval is not None
        assert scored.interval.low < scored.mean < scored.interval.high
        assert read_counts(scored.classes.hits).sum() == result.correct.sum()
        queries = read_counts(scored.classes.queries)
        assert queries.sum() == result.predictions.size


def test_a_bundle_with_an_error_is_refused(tmp_path: Path) -> None:
    bundle = changed(
        pack(tmp_path), lambda files: files | {"results/x.npz": b""}, seal=False
    )

    verdict = verdict_on(check_submission(bundle))

    assert verdict.trust == "refused"
    assert len(verdict.results) == 2


def test_it_comes_back_and_is_written_the_same(tmp_path: Path) -> None:
    verdict = verdict_on(check_submission(pack(tmp_path)))

    path = save_verdict(verdict, tmp_path / "verdicts")

    assert path == verdict_path(tmp_path / "verdicts", verdict.bundle_sha256)
    assert load_verdict(path) == verdict
    before = path.read_bytes()
    assert (
        save_verdict(load_verdict(path), tmp_path / "verdicts").read_bytes() == before
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "No such file"),
        ("{", "it is no JSON"),
        ("[]", "expected a file as fewbench submission check writes it"),
        (
            '{"schema_version": 9}',
            "expected schema_version 1 or older, got 9. Get a newer",
        ),
        ('{"schema_version": 1}', "is missing"),
    ],
)
def test_a_damaged_verdict_is_refused(
    text: str | None, words: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.json"
    if text is not None:
        path.write_text(text)

    with pytest.raises(UserError, match=words):
        load_verdict(path)


def test_other_trust_and_shares_above_one_are_refused(tmp_path: Path) -> None:
    path = save_verdict(verdict_on(check_submission(pack(tmp_path))), tmp_path)
    document = json.loads(path.read_text())
    for change in ({"trust": "certain"}, {"bundle_sha256": "abc"}):
        path.write_text(json.dumps(document | change))
        with pytest.raises(UserError):
            load_verdict(path)
    document["results"][0]["mean"] = 1.5
    path.write_text(json.dumps(document))
    with pytest.raises(UserError, match="mean"):
        load_verdict(path)
