"""Write the numbers of an entry as a `model-index`, for a model card on Hugging Face.

The format has no field for an interval, for the number of episodes or for the level of
trust. They stand in the name and in the arguments of a metric.

Source: the section model-index of modelcard.md in huggingface/hub-docs.
"""

import json
from collections.abc import Iterable
from typing import Any

from fewbench.documents import printable

from ..protocol import EvalProtocol
from .board_rows import Row

_INDENT = "  "


def model_index(rows: Iterable[tuple[EvalProtocol, Row]]) -> dict[str, Any]:
    """Return the model-index of an entry, from its row on each protocol.

    A row that was withdrawn is left out.
    """
    name = ""
    results = []
    for protocol, row in rows:
        name = row.method
        if row.standing != "withdrawn":
            results.append(_result(protocol, row))
    model = {
        "name": name,
        "results": results,
    }
    return {"model-index": [model]}


def yaml_text(value: object) -> str:
    """Return a document of dicts, lists, texts, numbers and truth values as YAML.

    The keys must be plain words.
    """
    lines = _lines(value)
    return "\n".join(lines) + "\n"


def _result(protocol: EvalProtocol, row: Row) -> dict[str, object]:
    shape = f"{protocol.n_way}-way {protocol.n_shot}-shot"
    return {
        "task": {
            "type": "image-classification",
            "name": f"few-shot image classification, {shape}",
        },
        "dataset": {
            "type": protocol.dataset,
            "name": protocol.dataset,
            "config": protocol.name,
            "split": protocol.split,
            "args": {"protocol_sha256": protocol.sha256},
        },
        "metrics": [_metric(row, protocol.n_episodes)],
    }


def _metric(row: Row, n_episodes: int) -> dict[str, object]:
    half_width = ""
    if row.half_width is not None:
        half_width = f" ± {row.half_width:.4f} ({row.half_width_is})"
    arguments = {
        "episodes": n_episodes,
        "training_seeds": len(row.train_seeds),
        "half_width": row.half_width,
        "half_width_is": row.half_width_is,
        "trust": row.trust,
        "transductive": row.transductive,
    }
    return {
        "type": "accuracy",
        "value": row.mean,
        "name": f"mean of {n_episodes:,} episodes{half_width}, {row.trust}",
        "args": arguments,
    }


def _lines(value: object) -> list[str]:
    """Return a value as lines of YAML."""
    lines: list[str] = []
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            lines += _member(f"{key}:", inner)
        return lines
    if isinstance(value, list) and value:
        for inner in value:
            first, *others = _lines(inner)
            lines.append(f"- {first}")
            lines += _indented(others)
        return lines
    return [_scalar(value)]


def _member(key: str, value: object) -> list[str]:
    lines = _lines(value)
    if isinstance(value, dict | list) and value:
        return [key, *_indented(lines)]
    return [f"{key} {lines[0]}"]


def _indented(lines: Iterable[str]) -> list[str]:
    return [_INDENT + line for line in lines]


def _scalar(value: object) -> str:
    """Return a scalar, or an empty collection. In YAML it is written as in JSON."""
    if isinstance(value, str):
        value = printable(value)
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
