import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewbench.benchmark.board.log import Event, append_event, read_log, today
from fewbench.errors import UserError

ADDED = Event(date="2026-11-26", action="added", entry="a", bundle_sha256="ab" * 32)


def test_events_are_read_as_they_were_written(tmp_path) -> None:
    path = tmp_path / "log.jsonl"
    second = Event(
        date=today(), action="withdrawn", entry="a", text="a reason: é\u202e"
    )
    append_event(path, ADDED)
    before = path.read_bytes()
    append_event(path, second)
    assert read_log(path) == [ADDED, second]
    assert path.read_bytes().startswith(before)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"date": "2026-02-31"}, "date"),
        ({"date": "26-11-2026"}, "date"),
        ({"action": "deleted"}, "action"),
        ({"entry": "../a"}, "entry"),
        ({"entry": "A"}, "entry"),
        ({"bundle_sha256": "x"}, "bundle_sha256"),
        ({"text": "x" * 2001}, "text"),
    ],
)
def test_a_damaged_line_is_named(tmp_path, changes, reason) -> None:
    path = tmp_path / "log.jsonl"
    append_event(path, ADDED)
    document = json.loads(path.read_bytes())
    with path.open("a") as file:
        file.write(json.dumps(document | changes) + "\n")
    with pytest.raises(UserError, match=rf"log.jsonl, line 2: .*{reason}"):
        read_log(path)


def test_a_missing_log_is_an_error(tmp_path) -> None:
    with pytest.raises(UserError, match="Restore it: git checkout"):
        read_log(tmp_path / "log.jsonl")


@given(data=st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(tmp_path_factory, data) -> None:
    path = tmp_path_factory.mktemp("log") / "log.jsonl"
    path.write_bytes(data)
    try:
        found = read_log(path)
    except UserError:
        return
    assert found == []
