"""Synthetic results: right with a chosen probability, on protocols of any size."""

import dataclasses
from typing import Any

import numpy as np

from fewbench.reports.protocol import EvalProtocol
from fewbench.reports.records import CONFIDENCE_BINS, RunResult, count_correct


def build_result(accuracy: float = 0.9, rng_seed: int = 0, **changes: Any) -> RunResult:
    """A result whose fields and protocol fields can be changed by name."""
    card: dict[str, Any] = {
        "name": "glyphs-5w1s", "dataset": "glyphs", "split": "test",
        "n_way": 5, "n_shot": 1, "n_query": 15, "n_episodes": 40, "seed": 0,
    }  # fmt: skip
    own = {field.name for field in dataclasses.fields(EvalProtocol)} - {"transductive"}
    card |= {name: changes.pop(name) for name in list(changes) if name in own}
    protocol = EvalProtocol(**card)
    rng = np.random.default_rng(rng_seed)
    truth = np.arange(protocol.n_way).repeat(protocol.n_query)
    shape = (protocol.n_episodes, truth.size)
    wrong = (truth + rng.integers(1, protocol.n_way, shape)) % protocol.n_way
    predictions = np.where(rng.random(shape) < accuracy, truth, wrong).astype(np.uint8)
    n_classes = protocol.n_way + 7
    chosen = [
        rng.permutation(n_classes)[: protocol.n_way] for _ in range(protocol.n_episodes)
    ]
    fields: dict[str, Any] = {
        "learner": "protonet", "backbone": "conv4-64", "train_seed": 0,
        "recipe": {"lr": 0.001, "train.n_way": 20, "augment": False, "decay": None},
        "precision": "fp32", "device": "cpu", "transductive": False, "partial": False,
        "data_fingerprint": "data-1", "episodes_fingerprint": "episodes-1",
        "checkpoint_sha256": "ab" * 32, "environment": {"python": "3.12", "numpy": "2.1"},
        "seconds": {"embed": 1.5, "total": 2.0}, "created_utc": "2025-01-01T00:00:00Z",
        "command": "fewbench evaluate protonet --protocol glyphs-5w1s --out results",
        "predictions": predictions, "correct": count_correct(predictions, protocol.n_way),
        "classes": np.array(chosen, np.uint16),
        "class_names": np.array([f"class {c}" for c in range(n_classes)]),
        "class_sizes": np.full(n_classes, 20, np.int32),
    }  # fmt: skip
    return RunResult(protocol=protocol, **(fields | changes))


def one_bin(predictions: np.ndarray, n_way: int, place: int) -> np.ndarray:
    """A calibration table in which all predictions have the same probability."""
    table = np.zeros((CONFIDENCE_BINS, 3))
    n_right = count_correct(predictions, n_way).sum()
    probability = (place + 0.5) / CONFIDENCE_BINS
    table[place] = (predictions.size, n_right, probability * predictions.size)
    return table


def with_correct(make_result, correct, **changes):
    """A result of 2-way episodes of 5 queries a class with so many right answers in each."""
    correct = np.asarray(correct, np.int32)
    right = np.arange(10) < correct[:, None]
    truth = np.arange(2).repeat(5)
    predictions = np.where(right, truth, 1 - truth).astype(np.uint8)
    card = {"n_way": 2, "n_query": 5, "n_episodes": len(correct)}
    return make_result(**card, predictions=predictions, correct=correct, **changes)
