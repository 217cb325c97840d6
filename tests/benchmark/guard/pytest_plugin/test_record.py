"""A record is the same after a journey between processes."""

from fewbench.benchmark.guard.pytest_plugin.record import Record
from fewbench_tests.made_records import made_record


def test_a_record_survives_its_journey() -> None:
    record = made_record("fail", remarks=("made elsewhere",), nights=({"date": "x"},))

    assert Record.from_json(record.to_json()) == record


def test_a_record_without_a_verdict_survives_too() -> None:
    record = made_record(None, done="missing", accuracy=None)

    assert Record.from_json(record.to_json()) == record
    assert record.word == "missing"


def test_the_message_of_a_failure_says_how_to_accept_it() -> None:
    record = made_record("fail", reason="it fell", command="pytest a.py --update")

    assert record.message == (
        "glyphs-5w1s-val-600ep: it fell\n"
        "If this is as it should be, accept it:\npytest a.py --update"
    )


def test_the_message_of_a_missing_reference_says_how_to_make_it() -> None:
    record = made_record(
        None, done="missing", name="mine", reason="none", command="pytest a.py --save"
    )

    assert record.message == (
        "mine on glyphs-5w1s-val-600ep: none. To make it:\npytest a.py --save"
    )


def test_an_unknown_protocol_is_left_out() -> None:
    record = made_record(None, protocol="", done="error", reason="no memory")

    assert record.place == "test_models.py::test_mine"
    assert record.message == "test_models.py::test_mine: no memory"
