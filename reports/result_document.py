"""The JSON document of a result.

Schema 2 has two parts. `content` holds the learner, the protocol and the answers. `run` holds
the circumstances, such as the time and the machine. Two runs with the same answers have the
same `content`, on any machine and at any time. Two results are equal if they have the same
`content_sha256`. In `content`, the fields that every kind of task has are in `header`. The
other fields of a classification result are in `classification`.
"""

import hashlib
import json
from dataclasses import fields
from typing import Any, NamedTuple

from pydantic import ConfigDict, Field, TypeAdapter
from pydantic.dataclasses import dataclass

from .protocol import Count
from .records import SCHEMA_VERSION, ResultHeader, RunResult

# Fields of the header that depend on the machine and the hour.
RUN_FIELDS = (
    "environment",
    "seconds",
    "created_utc",
    "command",
    "device",
    "checkpoint_sha256",
    "segments",
)
CLASSIFICATION_FIELDS = (
    "protocol",
    "episodes_fingerprint",
    "transductive",
    "embedded",
)
# How long a training took belongs to the run too.
_RUN_KEYS_OF_RECIPE = ("trained_seconds",)
_LENIENT = ConfigDict(
    extra="ignore",  # a later fewbench may add optional fields to schema 2
    strict=True,
    allow_inf_nan=False,
    arbitrary_types_allowed=True,
)


@dataclass(frozen=True, kw_only=True, eq=False, config=_LENIENT)
class ResultFile(ResultHeader):
    """The fields of a result's JSON document. The arrays are in an .npz file beside it.

    arrays_sha256: array name -> SHA-256 of its values
    document_sha256: the `canonical_sha256` of all other fields of the document
    """

    schema_version: Count
    arrays_sha256: dict[str, str]
    document_sha256: str = ""
    content_sha256: str | None = None
    protocol_sha256: str | None = None
    accuracy: dict[str, str] = Field(default_factory=dict)

    def check_accuracy(self, result: RunResult) -> None:
        """Check that the mean in words is that of the arrays.

        Raises ValueError if it is not. The interval in words is not checked, since its
        formula may have been another one in the version that wrote it.
        """
        expected = mean_text(result)
        found = self.accuracy.get("mean", expected)
        if found != expected:
            raise ValueError(f"accuracy: expected {expected}, got {found}")


SCHEMA = TypeAdapter(ResultFile)
_HEADER = TypeAdapter(ResultHeader)


def to_document(
    result: RunResult,
    arrays_sha256: dict[str, str],
    accuracy: dict[str, str],
) -> dict[str, Any]:
    """Make the document of a result.

    accuracy: the mean and its interval, as text
    """
    header = {field.name: getattr(result, field.name) for field in fields(ResultHeader)}
    values = _HEADER.dump_python(ResultHeader(**header), mode="json")
    run = {name: values.pop(name) for name in RUN_FIELDS}
    recipe = values["recipe"]
    run["recipe"] = {
        key: recipe.pop(key) for key in _RUN_KEYS_OF_RECIPE if key in recipe
    }
    classification = {name: values.pop(name) for name in CLASSIFICATION_FIELDS}
    classification["protocol_sha256"] = result.protocol.sha256
    classification["arrays_sha256"] = arrays_sha256
    classification["accuracy"] = accuracy
    values["key"] = result.key
    content = {
        "task": "classification",
        "header": values,
        "classification": classification,
    }
    document = {
        "schema_version": SCHEMA_VERSION,
        "content": content,
        "content_sha256": canonical_sha256(content),
        "run": run,
    }
    document["document_sha256"] = document_sha256(document)
    return document


def mean_text(result: RunResult) -> str:
    """Return the mean accuracy as the document states it, such as "98.4100 %"."""
    return f"{100 * result.mean:.4f} %"


class Seal(NamedTuple):
    """A hash in a document: what a difference means, what was saved, and what is found."""

    meaning: str
    saved: str | None
    found: str


def broken_seal(document: dict[str, Any], saved: ResultFile) -> Seal | None:
    """Return the first hash in a document that does not fit it; None if all do.

    document: the document as it was read
    saved: the fields of this document
    """
    seals = [
        Seal(
            "the document differs from what was saved",
            saved.document_sha256,
            document_sha256(document),
        )
    ]
    if saved.content_sha256 is not None:
        found = canonical_sha256(document["content"])
        seals.append(
            Seal(
                "the hash of the content is that of another",
                saved.content_sha256,
                found,
            )
        )
    if saved.protocol_sha256 is not None:
        found = saved.protocol.sha256
        seals.append(
            Seal(
                "the hash of the protocol is that of another",
                saved.protocol_sha256,
                found,
            )
        )
    for seal in seals:
        if seal.saved != seal.found:
            return seal
    return None


def accuracy_texts(result: RunResult) -> dict[str, str]:
    """Return the mean and its interval in percent, for people who read the document."""
    from .stats.available import available_interval  # it imports scipy

    texts = {"mean": mean_text(result)}
    interval = available_interval(result)
    if interval is not None:
        low = 100 * interval.low
        high = 100 * interval.high
        level = f"{100 * interval.level:g} % interval"
        n = f"n = {interval.n:,}"
        texts["interval"] = f"{low:.4f} to {high:.4f} % ({level}, {interval.kind}, {n})"
    return texts


def flattened(document: dict[str, Any]) -> dict[str, Any]:
    """Collect the fields of `ResultFile` from a document of schema 1 or 2.

    Raises KeyError, TypeError, ValueError or AttributeError if the document has another
    shape.
    """
    if document["schema_version"] == 1:
        return document
    content = document["content"]
    run = document["run"]
    header = dict(content["header"])
    header["recipe"] = {**header["recipe"], **run["recipe"]}
    flat = {**header, **content["classification"], **run}
    flat["recipe"] = header["recipe"]
    for name in ("schema_version", "content_sha256", "document_sha256"):
        flat[name] = document[name]
    return flat


def canonical_sha256(value: object) -> str:
    """Return the SHA-256 of a JSON value. White space and the order of keys do not matter."""
    text = json.dumps(value, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def document_sha256(document: dict[str, Any]) -> str:
    """Return the `canonical_sha256` of all fields except `document_sha256`."""
    content = dict(document)
    content.pop("document_sha256", None)
    return canonical_sha256(content)
