"""The card of a submission: what the authors say about their method.

People write the card as submission.toml. `fewbench submission init` writes a template.
"""

import json
from importlib.resources import files
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from fewbench.documents import shown

from ...reports.names import ShownName, is_visible
from ...reports.origin import Sha256
from .findings import Finding, error

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

CARD = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


def _check_visible(text: str) -> str:
    if not is_visible(text):
        raise ValueError("expected at least one visible character")
    return text


# Something must be said here. "none" is an answer.
Required = Annotated[
    str,
    Field(min_length=1, max_length=500, pattern=r"\S"),
    AfterValidator(_check_visible),
]
Optional = Annotated[str, Field(max_length=500)]
Address = Annotated[str, Field(max_length=500, pattern=r"^(https?://\S+)?$")]
_FILL_IN = "Fill it in; the comments in the file of fewbench submission init explain it"
# What people who write TOML understand, for the errors of pydantic.
_EXPECTED = {
    "bool_type": "expected true or false, without quotes",
    "dataclass_type": "expected a table of fields",
    "dict_type": "expected a table of fields",
    "float_type": "expected a number, without quotes",
    "int_type": "expected a whole number, without quotes",
    "string_pattern_mismatch": "expected 64 digits from 0 to 9 and a to f",
    "string_type": "expected text in quotes",
    "tuple_type": "expected a list in square brackets",
    "unexpected_keyword_argument": "a card has no such field",
}


@dataclass(frozen=True, kw_only=True, config=CARD)
class Method:
    """The method and its authors."""

    name: ShownName
    authors: Annotated[tuple[Required, ...], Field(min_length=1, max_length=100)]
    licence: Required
    paper: Address = ""
    code: Address = ""
    commit: Optional = ""
    official: bool


@dataclass(frozen=True, kw_only=True, config=CARD)
class Network:
    """The network at test time.

    parameters: the number of parameters of all its parts together
    """

    backbone: Required
    parameters: Annotated[int, Field(ge=0, lt=2**50)]


@dataclass(frozen=True, kw_only=True, config=CARD)
class Data:
    """All data and labels that the method has seen before the test.

    saw_test_classes: whether any of the data had classes of the test split
    validation_labels: what the labels of the validation split were used for
    """

    training: Required
    pretraining: Required
    saw_test_classes: Literal["yes", "no", "unknown"]
    validation_labels: Literal["none", "selection", "training"]
    extra_data: Required


@dataclass(frozen=True, kw_only=True, config=CARD)
class Test:
    """What the method does with an episode of the test.

    transductive: whether an answer depends on other query images of the episode
    """

    transductive: bool
    augmentation: Required
    adaptation: Required
    ensembling: Required


@dataclass(frozen=True, kw_only=True, config=CARD)
class Tuned:
    """A hyper-parameter that was tuned, and the values that were tried."""

    tried: Annotated[tuple[Required, ...], Field(min_length=1, max_length=1000)]
    chosen: Required


@dataclass(frozen=True, kw_only=True, config=CARD)
class Training:
    """How the submitted models were trained.

    seeds: the training seeds of the results; (0,) for a model that is not trained
    minutes: minutes of one training run
    tuned: hyper-parameter -> the values that were tried
    """

    seeds: Annotated[
        tuple[Annotated[int, Field(ge=0, lt=2**64)], ...],
        Field(min_length=1, max_length=1000),
    ]
    hardware: Required
    minutes: Annotated[float, Field(ge=0)]
    tuned: dict[Annotated[str, Field(max_length=80)], Tuned] = Field(
        default_factory=dict, max_length=100
    )


@dataclass(frozen=True, kw_only=True, config=CARD)
class Checkpoint:
    """A checkpoint that is not in the bundle: its address and its SHA-256."""

    seed: Annotated[int, Field(ge=0, lt=2**64)]
    url: Annotated[str, Field(max_length=500, pattern=r"^https?://\S+$")]
    sha256: Sha256


@dataclass(frozen=True, kw_only=True, config=CARD)
class Card:
    """What the authors say about their method."""

    method: Method
    network: Network
    data: Data
    test: Test
    training: Training
    checkpoint: Annotated[tuple[Checkpoint, ...], Field(max_length=1000)] = ()


SCHEMA = TypeAdapter(Card)


def card_template() -> str:
    """Return the commented template of submission.toml."""
    path = files("fewbench.benchmark.submission").joinpath("submission.toml")
    return path.read_text(encoding="utf-8")


def read_card(document: object, label: str) -> tuple[Card | None, list[Finding]]:
    """Read a card, and return it with a finding for each fault; None if it has faults.

    document: the parsed TOML or JSON
    label: the file that holds the card, for the findings
    """
    try:
        # TOML has dates, which are no answer to any question of the card.
        return SCHEMA.validate_json(json.dumps(document, default=str)), []
    except ValidationError as invalid:
        faults = invalid.errors()
        return None, [_finding(fault, label) for fault in faults if not _follows(fault)]


def _follows(fault: "ErrorDetails") -> bool:
    """Whether a fault only follows from another one: a list without its faulty items."""
    return fault["type"] == "too_short" and fault["input"] not in ([], "")


def _finding(fault: "ErrorDetails", label: str) -> Finding:
    field = ".".join(str(part) for part in fault["loc"]) or "the card"
    where = f"{label}: {field}"
    value = fault["input"]
    if fault["type"] in ("missing", "missing_argument"):
        return error("card-missing", where, "it is missing", _FILL_IN)
    is_empty = value == [] or (isinstance(value, str) and not is_visible(value))
    if is_empty:
        return error("card-empty", where, "it is empty", _FILL_IN)
    what = _EXPECTED.get(fault["type"], fault["msg"].removeprefix("Value error, "))
    if fault["type"] == "string_pattern_mismatch" and not field.endswith("sha256"):
        what = "expected an address that begins with https://"
    got = shown(repr(value), 60)
    return error("card-value", where, f"{what}, got {got}", "Correct this field")
