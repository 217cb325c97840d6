import pytest

from fewbench.benchmark.board.entries import listed_entries
from fewbench.benchmark.board.log import Event
from fewbench.errors import UserError


def event(action, entry, **fields) -> Event:
    if action in ("added", "updated"):
        fields.setdefault("bundle_sha256", "ab" * 32)
    return Event(date="2026-11-26", action=action, entry=entry, **fields)


def test_the_log_decides_the_standing() -> None:
    entries = listed_entries(
        [
            event("added", "a"),
            event("added", "b"),
            event("updated", "a2", replaces="a"),
            event("objection", "b", text="why?"),
            event("verdict", "b", text="because"),
            event("withdrawn", "b", text="its authors asked"),
            event("re-trained", "a2", text="https://example.org"),
        ]
    )
    standings = {name: one.standing for name, one in entries.items()}
    assert standings == {"a": "replaced", "b": "withdrawn", "a2": "current"}
    assert entries["a"].replaced_by == "a2"
    assert entries["a2"].retrained == "https://example.org"


@pytest.mark.parametrize(
    ("events", "reason"),
    [
        ([event("withdrawn", "a")], "line 1: .*a is not on the board"),
        ([event("added", "a"), event("added", "a")], "line 2: .*already"),
        ([event("updated", "b", replaces="a")], "a is not a current entry"),
        ([event("added", "a", bundle_sha256=None)], "has no bundle_sha256"),
        (
            [
                event("added", "a"),
                event("withdrawn", "a"),
                event("updated", "b", replaces="a"),
            ],
            "line 3: .*a is not a current entry",
        ),
    ],
)
def test_what_cannot_have_happened_is_refused(events, reason) -> None:
    with pytest.raises(UserError, match=reason):
        listed_entries(events)
