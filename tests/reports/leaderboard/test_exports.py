"""CSV and JSON hold the same numbers, and no cell is a formula."""

import csv
import io
import json

import pytest

from fewbench.reports.leaderboard.board_rows import table_of
from fewbench.reports.leaderboard.exports import csv_text, table_csv, table_json
from fewbench_tests.made_boards import PROTOCOL, make_board, make_entry, make_method


def test_json_and_csv_hold_the_same_rows() -> None:
    table = table_of(make_board(), PROTOCOL)

    document = json.loads(table_json(table))
    lines = list(csv.DictReader(io.StringIO(table_csv(table))))

    assert len(lines) == len(document["rows"]) == 6
    words = {None: "", True: "yes", False: "no"}
    for line, row in zip(lines, document["rows"], strict=True):
        assert set(line) == set(row)
        for name, value in row.items():
            is_word = value is None or isinstance(value, bool)
            assert line[name] == (words[value] if is_word else str(value)), name


def test_json_says_what_was_ranked() -> None:
    table = table_of(make_board(), PROTOCOL)

    document = json.loads(table_json(table))

    assert document["protocol"]["name"] == PROTOCOL.name
    assert document["protocol_sha256"] == PROTOCOL.sha256
    assert (document["ranked"], document["pairs"], document["level"]) == (3, 3, 0.95)
    assert document["rows"][0]["rank_best"] == 1


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_text_is_a_formula(start: str) -> None:
    name = f"{start}cmd"
    entry = make_entry(method=make_method(name=name))
    table = table_of(make_board(entries=(entry,), reported={}), PROTOCOL)

    (line,) = csv.DictReader(io.StringIO(table_csv(table)))

    assert line["method"].startswith("'")
    assert line["method"].endswith("cmd")
    assert json.loads(table_json(table))["rows"][0]["method"] == name


def test_numbers_below_zero_stay_numbers() -> None:
    assert csv_text([{"value": -0.5}]) == "value\n-0.5\n"


def test_control_characters_are_shown_by_their_codes() -> None:
    assert csv_text([{"a": "x\x1b[31m\u202ey\nz"}]) == "a\nx\\x1b[31m\\u202ey\\nz\n"


def test_json_is_ascii() -> None:
    entry = make_entry(method=make_method(name="é\u2028</script>"))
    table = table_of(make_board(entries=(entry,)), PROTOCOL)

    assert table_json(table).isascii()
