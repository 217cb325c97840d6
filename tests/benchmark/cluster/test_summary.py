"""Counts, and one sentence for each reason of a failure."""

from fewbench.benchmark.cluster.summary import Failure, Summary


def test_equal_reasons_are_one_sentence() -> None:
    summary = Summary()
    for number in range(3):
        full = "there is no space left to write (No space left on device)."
        summary.failures.append(Failure(f"train {number}", full, 3))
    summary.failures.append(Failure("embed 7", "an image\nis damaged", 1))
    assert list(summary.failure_lines()) == [
        "train 0, and 2 other tasks: failed 3 times: there is no space left to write "
        "(No space left on device)",
        "embed 7: failed 1 time: an image\\nis damaged",
    ]


def test_what_is_finished_counts_whoever_did_it() -> None:
    summary = Summary()
    summary.existed["training"] = 2
    summary.done["features"] = 3
    summary.by_others["features"] = 4
    assert summary.n_finished == 9
