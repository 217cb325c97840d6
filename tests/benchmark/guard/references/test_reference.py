from dataclasses import replace

import pytest

from fewbench.benchmark.guard.references.reference import (
    Run,
    mean_of,
    runs_sha256,
    spread_of,
)
from fewbench_tests.guarded import runs, store


def test_mean_and_spread_of_runs() -> None:
    results = runs(3)
    own = [Run.of(result) for result in results]
    a, b, c = (result.mean for result in results)
    mean = (a + b + c) / 3
    variance = ((a - mean) ** 2 + (b - mean) ** 2 + (c - mean) ** 2) / 2

    assert mean_of(own) == pytest.approx(mean)
    assert spread_of(own) == pytest.approx(variance**0.5)
    assert spread_of(own[:1]) is None
    assert runs_sha256(own[:1]) == own[0].predictions_sha256
    assert len({runs_sha256(own), runs_sha256(own[:2]), runs_sha256(own[1:])}) == 3


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda _: {"kind": "same"}, "expected 1 run, got 3"),
        (lambda one: {"runs": one.runs[:2]}, "at least 3 runs, got 2"),
        (
            lambda one: {"runs": (*one.runs[:2], one.runs[0])},
            "every training seed once",
        ),
        (lambda one: {"runs": one.runs[::-1]}, "about other runs"),
        (lambda _: {"history": ()}, "at least one line"),
        (
            lambda one: {"runs": (replace(one.runs[0], n_correct=9999), *one.runs[1:])},
            "more right answers than queries",
        ),
    ],
)
def test_what_contradicts_itself_is_no_reference(tmp_path, change, words) -> None:
    reference = store(tmp_path, *runs(3)).reference

    with pytest.raises(ValueError, match=words):
        replace(reference, **change(reference))
