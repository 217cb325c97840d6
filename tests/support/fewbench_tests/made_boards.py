"""Boards of invented entries, whose answers are right with a chosen probability."""

import dataclasses
from typing import Any

import numpy as np

from fewbench.reports.leaderboard.entries import Board, Entry, LogLine, Method
from fewbench.reports.protocol import EvalProtocol
from fewbench.reports.published import PublishedNumber

PROTOCOL = EvalProtocol(
    name="glyphs-5w1s", dataset="glyphs", split="test", n_way=5, n_shot=1, n_query=3,
    n_episodes=60, seed=0,
)  # fmt: skip
FIVE_SHOTS = dataclasses.replace(PROTOCOL, name="glyphs-5w5s", n_shot=5)
CLASSES = 8


def make_method(**changes: Any) -> Method:
    """A method whose fields can be changed by name."""
    fields: dict[str, Any] = {
        "name": "ProtoNet", "authors": ("A. Author", "B. Author"), "licence": "MIT",
        "paper": "https://example.org/paper", "code": "", "commit": "", "official": True,
        "backbone": "conv4-64", "parameters": 111_936, "training": "glyphs train",
        "pretraining": "none", "saw_test_classes": "no", "validation_labels": "selection",
        "extra_data": "none", "augmentation": "none", "adaptation": "none",
        "ensembling": "none", "hardware": "2 cores", "minutes": 12.5,
        "tuned": {"lr": "0.001 of 0.01, 0.001"},
    }  # fmt: skip
    return Method(**fields | changes)


def make_entry(
    id: str = "protonet",
    accuracy: float = 0.6,
    *,
    n_seeds: int = 1,
    protocol: EvalProtocol = PROTOCOL,
    method: Method | None = None,
    **changes: Any,
) -> Entry:
    """An entry with this accuracy. Its fields can be changed by name."""
    rng = np.random.default_rng([len(id), round(1000 * accuracy), n_seeds])
    shape = (n_seeds, protocol.n_episodes)
    correct = rng.binomial(protocol.queries_per_episode, accuracy, shape)
    queries = np.full(CLASSES, correct.size * protocol.queries_per_episode // CLASSES)
    fields: dict[str, Any] = {
        "id": id, "bundle_sha256": "ab" * 32, "method": method or make_method(),
        "protocol": protocol, "trust": "re-scored", "transductive": False,
        "precision": "fp32", "pixels": "28 x 28", "date": "2026-11-26",
        "made_with": "fewbench 0.1.0", "train_seeds": tuple(range(n_seeds)),
        "correct": correct, "class_names": tuple(f"class {c}" for c in range(CLASSES)),
        "hits": rng.binomial(queries, accuracy), "queries": queries,
    }  # fmt: skip
    return Entry(**fields | changes)


def make_number(**changes: Any) -> PublishedNumber:
    """A published number whose fields can be changed by name."""
    fields: dict[str, Any] = {
        "id": "maml-glyphs", "method": "MAML", "variant": "second order", "reference": True,
        "dataset": "glyphs", "split": "test", "way": 5, "shot": 1, "accuracy": 61.5,
        "half_width": 1.25, "half_width_is": "episodes", "n_episodes": 600,
        "backbone": "conv4-32", "source": "Author et al. 2017, Table 1",
        "url": "https://example.org/maml",
    }  # fmt: skip
    return PublishedNumber(**fields | changes)


def make_board(**changes: Any) -> Board:
    """Two protocols with entries of every standing and trust, a number, and a log."""
    maml = make_method(name="MAML", backbone="conv4-32", pretraining="ImageNet-1k",
                       saw_test_classes="yes", code="https://example.org/code")  # fmt: skip
    entries = (
        make_entry(
            "protonet", 0.8, n_seeds=3, trust="re-run", notes=("the rates agree",)
        ),
        make_entry("protonet", 0.9, n_seeds=3, protocol=FIVE_SHOTS),
        make_entry("maml", 0.6, n_seeds=4, method=maml, transductive=True),
        make_entry("maml-two", 0.61, n_seeds=1, method=maml),
        make_entry("protonet-old", 0.7, standing="replaced", replaced_by="protonet"),
        make_entry(
            "guess", 0.2, standing="withdrawn", method=make_method(name="Guess")
        ),
    )
    log = (
        LogLine(date="2026-11-24", action="added", entry="protonet-old"),
        LogLine(date="2026-11-25", action="withdrawn", entry="guess", text="a forgery"),
        LogLine(date="2026-11-26", action="re-trained", entry="protonet",
                text="https://example.org/run"),
    )  # fmt: skip
    fields: dict[str, Any] = {
        "title": "Glyphs", "rules": "1", "protocols": (PROTOCOL, FIVE_SHOTS),
        "entries": entries, "reported": {PROTOCOL.name: (make_number(),)}, "log": log,
        "missing": {"other.fewbench.zip": "no verdict yet"},
        "rules_text": "1. Say what you did.\n2. Send the predictions.\n",
    }  # fmt: skip
    return Board(**fields | changes)
