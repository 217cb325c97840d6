"""Read GRID.toml: the trainings and evaluations that a user asks for."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from itertools import product
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from fewbench.documents import parse_toml, read_bytes, shown
from fewbench.errors import UserError
from fewbench.plain_words import plain

_MOST_BYTES = 1 << 20
_STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
_UNKNOWN_KEY = "unexpected_keyword_argument"
_TYPES = ("constrained-int", "list[constrained-int]", "str", "int", "float", "bool")
_SMALLEST = (
    "The smallest grid is a line [[part]], and below it recipes = [...] and protocols = "
    "[...]. For their names, type: fewbench recipes, fewbench protocol list"
)

Count = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0, lt=2**63)]
Scalar = str | int | float | bool
Names = Annotated[list[str], Field(min_length=1)]


class GridError(UserError):
    """A grid cannot be used as it is. The text says what to change."""


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Part:
    """A part of a grid: every recipe on every dataset, with every setting that varies.

    recipes: names of recipes, or paths of .toml files
    protocols: names of protocols
    datasets: the datasets to train on; None for the dataset of each recipe
    episodes: evaluate on this many first episodes of each protocol; None for all
    settings: changes of the recipes: key -> value
    vary: key -> the values that it takes in turn
    """

    recipes: Names
    protocols: Names
    datasets: Names | None = None
    episodes: Annotated[int, Field(ge=2)] | None = None
    settings: dict[str, Scalar | dict[str, Scalar]] = Field(default_factory=dict)
    vary: dict[str, Annotated[list[Scalar], Field(min_length=1)]] = Field(
        default_factory=dict
    )

    @property
    def n_combinations(self) -> int:
        """The number of `combinations`."""
        return math.prod(map(len, self.vary.values()))

    def combinations(self) -> Iterator[dict[str, Scalar]]:
        """Yield the values of `vary` for one training after the other."""
        for values in product(*self.vary.values()):
            yield dict(zip(self.vary, values, strict=True))


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Grid:
    """What a GRID.toml asks for.

    part: the parts
    seeds: the number of training seeds (0, 1, ...), or a list of them
    threads: the number of threads of each task, which decides its rounding
    episodes_per_task: how many episodes a task answers at most
    images_per_task: how many images a task embeds at most; None to choose it
    """

    part: Annotated[list[Part], Field(min_length=1)]
    seeds: (
        Annotated[int, Field(ge=1, le=1000)]
        | Annotated[list[Seed], Field(min_length=1)]
    ) = 1
    threads: Annotated[int, Field(ge=1, le=1024)] = 1
    device: Literal["auto", "cpu", "cuda"] = "cpu"
    episodes_per_task: Count = 1024
    images_per_task: Count | None = None

    @property
    def all_seeds(self) -> list[int]:
        """The training seeds, each once."""
        if isinstance(self.seeds, int):
            return list(range(self.seeds))
        return list(dict.fromkeys(self.seeds))


_GRID = TypeAdapter(Grid)


class GridFile(NamedTuple):
    """A grid, and the text of its GRID.toml."""

    grid: Grid
    text: bytes


def read_grid(path: Path) -> GridFile:
    """Read a GRID.toml, once: the file may change at any moment.

    Raises GridError, which names the part and the key, if the file cannot be used.
    """
    try:
        text = read_bytes(path, _MOST_BYTES)
        return GridFile(parse_grid(text), text)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise GridError(
            f"{path}: cannot be used as a grid: {reason}. Correct it. {_SMALLEST}"
        ) from error


def parse_grid(data: bytes) -> Grid:
    """Parse the text of a GRID.toml. Raises ValueError if it is not a grid."""
    # A strict schema takes tables as objects only from JSON. TOML has dates, JSON has not.
    document = json.dumps(parse_toml(data), default=str)
    try:
        return _GRID.validate_json(document)
    except ValidationError as error:
        raise ValueError(_explained(error)) from None


def settings_texts(values: Mapping[str, Any]) -> list[str]:
    """Return settings as texts `key=value`, as `load_recipe` takes them.

    A table becomes texts such as `maml.inner_lr=0.4`.
    """
    texts: list[str] = []
    for key, value in values.items():
        if isinstance(value, Mapping):
            inner = settings_texts(value)
            texts += [f"{key}.{text}" for text in inner]
        else:
            # The scalars of JSON are scalars of TOML too.
            texts.append(f"{key}={json.dumps(value)}")
    return texts


def _explained(error: ValidationError) -> str:
    """Return the first fault, with the number of the part and the key.

    A key that is unknown comes first, since it is often why another one is missing.
    """
    faults = error.errors(include_url=False)
    unknown = [one for one in faults if one["type"] == _UNKNOWN_KEY]
    if unknown:
        where = unknown[0]["loc"]
        kind = Part if len(where) > 1 else Grid
        keys = ", ".join(field.name for field in fields(kind))  # pyright: ignore[reportArgumentType] - pydantic's is a dataclass too
        return f"{_place(where)}: unknown key. The keys here are {keys}"
    # Of a value that may be one of several types, the fault inside it tells most.
    fault = max(faults, key=lambda one: len(_names(one["loc"])))
    if fault["type"] == "missing":
        return f"{_place(fault['loc'])} is missing"
    got = shown(repr(fault["input"]), 60)
    return f"{_place(fault['loc'])}: {plain(fault['msg'])} (got {got})"


def _place(where: Sequence[int | str]) -> str:
    """Return where a fault is, such as "part 2.vary.shot". Parts count from 1."""
    if len(where) > 1 and where[0] == "part" and isinstance(where[1], int):
        where = [f"part {where[1] + 1}", *where[2:]]
    return ".".join(_names(where))


def _names(where: Sequence[int | str]) -> list[str]:
    # pydantic also names the type that it tried.
    return [shown(one) for one in where if str(one) not in _TYPES]
