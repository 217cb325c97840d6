"""The properties of a check in the JUnit file of a run."""

from .record import Record
from .summary import row_of


def properties_of(record: Record) -> list[tuple[str, str]]:
    """Return the names and values that a JUnit file shows for a check."""
    _, _, accuracy, reference, difference, _ = row_of(record)
    found = [
        ("accuracy_check", record.place),
        ("accuracy_outcome", record.word),
        ("accuracy", accuracy),
        ("accuracy_reference", reference),
        ("accuracy_difference", difference),
    ]
    if record.verdict is not None:
        found.append(("accuracy_rule", record.verdict.rule))
    return found
