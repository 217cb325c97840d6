from fewbench.benchmark.guard.pytest_plugin.junit import properties_of
from fewbench_tests.made_records import made_record


def test_a_check_has_six_readable_properties() -> None:
    assert properties_of(made_record("undecided")) == [
        ("accuracy_check", "test_models.py::test_mine on glyphs-5w1s-val-600ep"),
        ("accuracy_outcome", "undecided"),
        ("accuracy", "53.00 %"),
        ("accuracy_reference", "54.00 %"),
        ("accuracy_difference", "-1.00 points"),
        ("accuracy_rule", "no worse"),
    ]


def test_without_a_verdict_no_rule_was_used() -> None:
    record = made_record(None, done="missing", accuracy=None, reference=None)

    found = dict(properties_of(record))

    assert found["accuracy_outcome"] == "missing"
    assert found["accuracy"] == found["accuracy_difference"] == "-"
    assert "accuracy_rule" not in found
