from fewbench.benchmark.verification.checks import failed, not_possible, passed


def test_a_check_says_what_was_found() -> None:
    assert passed("a", "b") == ("a", "passed", "b")
    assert failed("a", "1", "2") == ("a", "failed", "expected 1, got 2")
    assert not_possible("a", "b").outcome == "not possible"
