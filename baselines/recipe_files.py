"""Read recipes: TOML files with the hyper-parameters of training and their sources.

A recipe has keys that all learners share, and a table with the learner's own settings,
such as [maml]. Older recipes and checkpoints have these settings beside the other keys.
They are still read.
"""

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from fewbench.documents import DocumentError, parse_toml, read_bytes, shown

from ..datasets.info import DataError
from ..datasets.lookup import pick
from .config import TrainConfig
from .families import BASELINES, learner_class
from .learner import BaselineError, TrainedLearner

_RECIPES = Path(__file__).parent / "recipes"
_COMMON = TypeAdapter(TrainConfig)


def recipes() -> dict[str, Path]:
    """Return the paths of the recipes that come with fewbench, by name."""
    paths = sorted(_RECIPES.glob("*.toml"))
    return {path.stem: path for path in paths}


def load_recipe(name_or_path: str, settings: Sequence[str] = ()) -> TrainConfig:
    """Read a recipe.

    name_or_path: a recipe that comes with fewbench, or the path of a .toml file
    settings: texts `key=value`, with values in TOML, that replace values of the recipe
    Raises BaselineError if the recipe is unknown or damaged, a key is unknown, or a
    value is not allowed.
    """
    path = _recipe_path(name_or_path)
    try:
        values = parse_toml(read_bytes(path))
    except (OSError, ValueError) as error:
        raise BaselineError(
            f"{path}: cannot be read as a TOML recipe: {error}. Correct the file, or "
            f"choose a recipe that comes with fewbench. To list them, type: fewbench "
            f"recipes"
        ) from error
    changes = parse_settings(settings)
    learner = str({**values, **changes}.get("learner", ""))
    if learner:
        refuse_settings_without_effect(changes, learner)
    return parse_config({**values, **changes}, str(path))


def parse_config(
    values: dict[str, Any], where: str, *, drop_foreign: bool = False
) -> TrainConfig:
    """Check the values of a recipe, and return them as a TrainConfig.

    values: the values of the recipe, by key; the learner's own settings may stand in the
        table or beside the other keys
    where: the file with the values, for the error message
    drop_foreign: whether to leave out the settings of other learners, which checkpoints
        of older versions contain
    Raises BaselineError, which names every wrong key, if a key or value is wrong.
    """
    learner = values.get("learner")
    if not isinstance(learner, str):
        raise BaselineError(
            f"{where}: learner: expected the name of a learner, got {learner!r:.40}. Add "
            f'for example: learner = "protonet"'
        )
    kind = learner_class(learner)
    names = own_keys(kind)
    common = dict(values)
    own = common.pop(kind.table, {}) if kind.table else {}
    if not isinstance(own, dict):
        raise BaselineError(
            f"{where}: {kind.table}: expected a table with settings, got {own!r:.40}. "
            f"Write [{kind.table}] on a line of its own, and the settings below"
        )
    own = dict(own)
    for key in list(common):
        if key in names:
            own[key] = common.pop(key)
        elif drop_foreign and key in _keys_of_others(kind):
            del common[key]
    settings = _checked(TypeAdapter(kind.Settings), own, where, names)
    keys = [*(field.name for field in fields(TrainConfig)), *names]  # pyright: ignore[reportArgumentType] - pydantic's is a dataclass too
    keys.remove("own")
    return _checked(_COMMON, {**common, "own": settings}, where, keys)


def parse_settings(
    settings: Sequence[str], allowed: Sequence[str] = ()
) -> dict[str, Any]:
    """Return the values in texts `key=value` or `table.key=value`, by key.

    allowed: the keys that may be set; empty if every key may be set
    Raises BaselineError if a key is not allowed or a text has no "=".
    """
    values: dict[str, Any] = {}
    for text in settings:
        key, value = _parse_setting(text)
        # A key belongs to only one table, so the name of the table adds nothing.
        values[key.rpartition(".")[2]] = value
    for key in sorted(values):
        if allowed and key not in allowed:
            raise BaselineError(
                f"--set {key}=...: cannot change {key}, because the weights are "
                f"trained already: expected one of {', '.join(allowed)}. Omit this "
                f"setting."
            )
    return values


def refuse_settings_without_effect(changes: Sequence[str] | dict, learner: str) -> None:
    """Raise BaselineError if a changed key belongs to other learners.

    Otherwise the result would record a value that was never used.
    """
    kind = learner_class(learner)
    for key in sorted(changes):
        if key in _keys_of_others(kind):
            raise BaselineError(
                f"--set {key}=...: {key} has no effect on {learner}. Omit this setting."
            )


def own_keys(kind: type[TrainedLearner]) -> list[str]:
    """Return the names of a learner's own settings."""
    return [field.name for field in fields(kind.Settings)]


def _keys_of_others(kind: type[TrainedLearner]) -> set[str]:
    keys: set[str] = set()
    for other in BASELINES.values():
        keys.update(own_keys(other))
    return keys - set(own_keys(kind))


def _checked(
    schema: TypeAdapter, values: dict[str, Any], where: str, keys: Sequence[str]
) -> Any:
    try:
        return schema.validate_python(values)
    except ValidationError as error:
        faults: list[str] = []
        for fault in error.errors():
            key = shown(".".join(str(part) for part in fault["loc"]))
            faults.append(f"{key}: {fault['msg']}")
        raise BaselineError(
            f"{where}: wrong keys or values in the recipe: {'; '.join(faults)}. "
            f"Correct them. All keys: {', '.join(keys)}."
        ) from None


def _recipe_path(name_or_path: str) -> Path:
    path = Path(name_or_path)
    if path.suffix == ".toml":
        return path
    try:
        return pick("recipe", name_or_path, recipes(), see="fewbench recipes")
    except DataError as error:
        raise BaselineError(
            f"recipe {name_or_path}: expected the path of a .toml file, or a recipe "
            f"that comes with fewbench: {error}"
        ) from None


def _parse_setting(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not equals:
        raise BaselineError(
            f"--set {text}: expected key=value, got no '='. Write for instance: --set "
            f"lr=0.0005"
        )
    try:
        line = f"value = {value}"
        parsed = parse_toml(line.encode("utf-8", "surrogateescape"))["value"]
    except DocumentError:
        # Not TOML: a word without quotes, such as backend=higher.
        parsed = value.strip()
    return key.strip(), parsed
