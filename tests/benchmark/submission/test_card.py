"""The card: the template, and a finding for each fault."""

import tomllib
from typing import Any

import pytest

from fewbench.benchmark.submission.card import card_template, read_card
from fewbench_tests.made_bundles import card_document, lines


def test_a_filled_card_is_read() -> None:
    card, findings = read_card(card_document(), "submission.toml")

    assert findings == []
    assert card is not None
    assert card.method.name == "ProtoNet"
    assert card.training.seeds == (0, 1)
    assert card.checkpoint == ()


def test_the_template_asks_for_every_field_that_is_required() -> None:
    document = tomllib.loads(card_template())

    card, findings = read_card(document, "submission.toml")

    assert card is None
    said = "\n".join(lines(findings))
    filled: dict[str, Any] = card_document()
    for table, fields in filled.items():
        assert set(fields) <= set(document[table])
        for field in fields:
            assert f"submission.toml: {table}.{field}: it is empty" in said, field
    assert len(findings) == sum(map(len, filled.values()))
    assert {finding.code for finding in findings} == {"card-empty"}


def test_the_tables_in_comments_of_the_template_are_read() -> None:
    commented = [line[2:] for line in card_template().splitlines() if line[:3] != "# W"]
    start = commented.index("[training.tuned.inner_lr]")
    optional = [line for line in commented[start:] if line[:1] in "[tcsu"]
    text = "\n".join(optional).replace('"..."', f'"{"ab" * 32}"')
    document = card_document()
    added = tomllib.loads(text)

    document["training"] |= added["training"]
    document["checkpoint"] = added["checkpoint"]
    document["checkpoint"][0]["url"] = "https://example.org/a"
    card, findings = read_card(document, "submission.toml")

    assert findings == []
    assert card is not None
    assert card.training.tuned["inner_lr"].chosen == "0.4"
    assert card.checkpoint[0].seed == 0


MISSING = [
    (table, field) for table, fields in card_document().items() for field in fields
]


@pytest.mark.parametrize(("table", "field"), MISSING)
def test_a_missing_field_is_named(table: str, field: str) -> None:
    document = card_document()
    del document[table][field]

    card, [finding] = read_card(document, "my.toml")

    assert card is None
    assert finding.code == "card-missing"
    assert finding.where == f"my.toml: {table}.{field}"
    assert "Fill it in" in finding.advice


FAULTS: list[tuple[str, str, Any, str]] = [
    (
        "method",
        "official",
        "false",
        "expected true or false, without quotes, got 'false'",
    ),
    (
        "method",
        "authors",
        "A. Author",
        "expected a list in square brackets, got 'A. Author'",
    ),
    ("method", "name", "Proto\u202eNet", "cannot hold the character '\\u202e'"),
    ("method", "name", "x" * 81, "at most 80 characters"),
    ("method", "paper", "arxiv 1703.05175", "begins with https://, got 'arxiv"),
    ("method", "paper", "javascript:alert(1)", "begins with https://"),
    ("method", "paperr", "https://example.org", "a card has no such field"),
    (
        "network",
        "parameters",
        "112000",
        "expected a whole number, without quotes, got '112000'",
    ),
    ("network", "parameters", -1, "greater than or equal to 0"),
    ("network", "backbone", "x" * 501, "at most 500 characters"),
    ("data", "saw_test_classes", "maybe", "'yes', 'no' or 'unknown', got 'maybe'"),
    ("data", "validation_labels", True, "'none', 'selection' or 'training', got True"),
    ("test", "transductive", 0, "expected true or false, without quotes, got 0"),
    ("training", "seeds", [0, -1], "greater than or equal to 0, got -1"),
    ("training", "seeds", [True], "expected a whole number, without quotes, got True"),
    ("training", "seeds", list(range(1001)), "at most 1000 items"),
    ("training", "minutes", float("inf"), "finite"),
    ("training", "minutes", "42", "expected a number, without quotes, got '42'"),
    ("training", "tuned", {"lr": {"tried": [], "chosen": "1"}}, "it is empty"),
    ("training", "tuned", {"lr": "0.1"}, "expected a table of fields, got '0.1'"),
    ("method", "licence", 3, "expected text in quotes, got 3"),
    ("method", "licence", "  ", "it is empty"),
    ("method", "authors", [""], "it is empty"),
    ("method", "authors", ["\u2800"], "it is empty"),
    ("method", "name", "\u3164", "it is empty"),
    ("method", "licence", "\u3164", "it is empty"),
    ("training", "hardware", "\u200b", "it is empty"),
]


@pytest.mark.parametrize(("table", "field", "value", "words"), FAULTS)
def test_a_wrong_value_is_named(table: str, field: str, value: Any, words: str) -> None:
    document = card_document()
    document[table][field] = value

    card, [finding] = read_card(document, "my.toml")

    assert card is None
    assert finding.level == "error"
    assert finding.where.startswith(f"my.toml: {table}.{field}")
    assert words in finding.what


def test_all_faults_are_found_at_once() -> None:
    document = card_document()
    document["method"]["name"] = ""
    document["network"]["parameters"] = "many"
    del document["data"]
    document["colour"] = "red"

    _, findings = read_card(document, "my.toml")

    wheres = [finding.where for finding in findings]
    assert sorted(wheres) == [
        "my.toml: colour",
        "my.toml: data",
        "my.toml: method.name",
        "my.toml: network.parameters",
    ]


@pytest.mark.parametrize("document", [None, [], 3, "card"])
def test_what_is_no_table_is_no_card(document: object) -> None:
    card, [finding] = read_card(document, "my.toml")

    assert card is None
    assert finding.where == "my.toml: the card"
