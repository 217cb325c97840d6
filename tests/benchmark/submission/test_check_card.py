"""What the authors say is compared with what their results say."""

from dataclasses import replace
from typing import Any

import pytest

from fewbench.benchmark.submission.card import Card, read_card
from fewbench.benchmark.submission.check_card import check_card
from fewbench.benchmark.submission.one_result import SubmittedResult
from fewbench.reports.origin import Pretraining, TrainedOn
from fewbench_tests.made_bundles import card_document, lines, two_seeds

CHECKPOINT = {"seed": 0, "url": "https://example.org/a", "sha256": "cd" * 32}


def card_with(changes: dict[str, dict[str, Any]], **more: Any) -> Card:
    document: dict[str, Any] = card_document()
    for table, fields in changes.items():
        document[table] |= fields
    card, findings = read_card(document | more, "card")
    assert card is not None, lines(findings)
    return card


def submitted(**changes: Any) -> list[SubmittedResult]:
    results = [replace(one, **changes) for one in two_seeds()]
    return [
        SubmittedResult(f"results/{one.train_seed}.json", one, False) for one in results
    ]


def test_a_card_that_fits_has_no_findings() -> None:
    assert list(check_card(card_with({}), submitted(), "card")) == []
    card = card_with(
        {
            "data": {"pretraining": "ImageNet", "saw_test_classes": "yes"},
            "training": {"tuned": {"lr": {"tried": ["1", "2"], "chosen": "2"}}},
        },
        checkpoint=[CHECKPOINT],
    )
    results = submitted(
        pretraining=Pretraining("ImageNet", saw_test_classes=True),
        checkpoint_sha256="cd" * 32,
    )
    assert list(check_card(card, results, "card")) == []


CASES: list[tuple[dict[str, Any], dict[str, Any], str, str]] = [
    ({"training": {"seeds": [0]}}, {}, "error seeds", "expected results of seed 0 on"),
    ({"training": {"seeds": [0, 1, 2]}}, {}, "error seeds", "got seeds 0, 1."),
    ({"training": {"seeds": [0, 1, 1]}}, {}, "error seeds", "a seed is there twice"),
    (
        {},
        {"transductive": True},
        "error transductive",
        "it says false, but the answers",
    ),
    (
        {"test": {"transductive": True}},
        {},
        "warning transductive",
        "each query is answered alone",
    ),
    (
        {},
        {"pretraining": Pretraining("ImageNet")},
        "error pretraining",
        "it says none, but the weights of results/0.json come from ImageNet",
    ),
    (
        {"data": {"pretraining": "ImageNet"}},
        {"pretraining": Pretraining("ImageNet", saw_test_classes=True)},
        "error test-classes",
        "it says no, but the data of the weights",
    ),
    (
        {"data": {"pretraining": "ImageNet", "saw_test_classes": "unknown"}},
        {"pretraining": Pretraining("ImageNet", saw_test_classes=True)},
        "error test-classes",
        "it says unknown",
    ),
    (
        {},
        {"trained_on": TrainedOn("glyphs", ("train", "val"))},
        "error validation",
        "it says selection, but results/0.json was trained on the validation split",
    ),
    (
        {"training": {"tuned": {"lr": {"tried": ["1"], "chosen": "2"}}}},
        {},
        "error tuned",
        "card: training.tuned.lr.chosen: '2' is not among",
    ),
]


@pytest.mark.parametrize(("says", "has", "code", "words"), CASES)
def test_a_contradiction_is_found(
    says: dict[str, Any], has: dict[str, Any], code: str, words: str
) -> None:
    found = lines(list(check_card(card_with(says), submitted(**has), "card")))

    assert found
    assert all(line.startswith(code) for line in found)
    assert words in found[0]


@pytest.mark.parametrize(
    ("seed", "words"),
    [
        (0, "the checkpoint of seed 0 has the sha256 cdcdcdcdcdcdcdcd, but that of"),
        (5, "training.seeds does not have the seed 5"),
    ],
)
def test_a_checkpoint_of_another_result_is_found(seed: int, words: str) -> None:
    card = card_with({}, checkpoint=[CHECKPOINT | {"seed": seed}])

    [line] = lines(list(check_card(card, submitted(), "card")))

    assert line.startswith("error checkpoint: card: checkpoint")
    assert words in line


def test_missing_seeds_are_no_fault_if_a_result_cannot_be_read() -> None:
    one = submitted()[:1]

    assert len(list(check_card(card_with({}), one, "card"))) == 1
    assert list(check_card(card_with({}), one, "card", is_complete=False)) == []
