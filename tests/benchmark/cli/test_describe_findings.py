"""Findings as lines for people, and as JSON for programs."""

import json
from dataclasses import replace
from pathlib import Path

from fewbench.benchmark.cli.describe_findings import verdict_document, verdict_text
from fewbench.benchmark.submission.check import check_submission
from fewbench.benchmark.submission.findings import error, note, warning
from fewbench.benchmark.submission.rerun_record import Rerun
from fewbench.benchmark.submission.verdict import verdict_on
from fewbench_tests.made_bundles import pack, two_seeds

RERUN = Rerun(
    file="b.json",
    n_predictions=100,
    n_differ=0,
    n_lost=0,
    n_gained=0,
    fresh_seed=7,
    n_fresh=600,
    fresh_mean=0.9,
    low=-0.01,
    high=0.02,
    level=0.999,
    has_passed=True,
    reason="equal",
)


def test_findings_come_first_then_the_numbers(tmp_path: Path) -> None:
    verdict = replace(
        verdict_on(check_submission(pack(tmp_path))),
        bundle="a\x1b[31m.fewbench.zip",
        trust="refused",
        findings=[
            error("a", "b.json", "it is wrong", "Correct it"),
            warning("c", "d.json", "look at it", "Look"),
            note("e", "f.json", "it is new"),
        ],
        agreement={"b.json": 0.5},
        reruns=[RERUN],
    )

    lines = verdict_text(verdict).splitlines()

    means = [f"{100 * result.mean:.2f} % (" for result in two_seeds()]
    assert lines[:3] == [
        "error a: b.json: it is wrong. Correct it",
        "warning c: d.json: look at it. Look",
        "note e: f.json: it is new.",
    ]
    assert lines[3].startswith(f"glyphs-5w1s-3query-6ep, seed 0: {means[0]}")
    assert lines[4].startswith(f"glyphs-5w1s-3query-6ep, seed 1: {means[1]}")
    assert lines[4].endswith("95 %, episodes-t)")
    assert lines[5] == "b.json: agreement with the hit rates of images 0.50"
    assert lines[6] == (
        "b.json, evaluated again: equal; 90.00 % on 600 fresh episodes (seed 7); submitted "
        "minus fresh: -1.00 to 2.00 points, 99.9 %"
    )
    assert lines[7] == (
        "a\\x1b[31m.fewbench.zip: refused, 1 error: a board does not take it before "
        "the errors are corrected"
    )


def test_the_document_leaves_out_single_episodes(tmp_path: Path) -> None:
    verdict = verdict_on(check_submission(pack(tmp_path)))

    document = verdict_document(verdict)

    assert document["passed"] is True
    assert "correct" not in document["results"][0]
    assert "classes" not in document["results"][0]
    assert document["results"][0]["interval"]["kind"] == "episodes-t"
    assert json.loads(json.dumps(document, allow_nan=False)) == document
