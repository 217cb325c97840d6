"""Read recipes: TOML files with the hyper-parameters of training and their sources.

A recipe has keys that all learners share, and a table with the learner's own settings,
such as [maml]. Older recipes and checkpoints have these settings beside the other keys.
They are still read.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from fewbench.documents import parse_toml, read_bytes, shown

from ..datasets.info import DataError
from ..datasets.lookup import pick
from .config import TrainConfig
from .families import BASELINES, learner_class
from .learner import BaselineError
from .own_code import is_own, look_in_working_folder
from .recipe_faults import fault_text
from .settings import parse_settings
from .trained_learner import TrainedLearner

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
    where = _named(name_or_path, path)
    try:
        values = parse_toml(read_bytes(path))
    except (OSError, ValueError) as error:
        raise BaselineError(
            f"{path}: cannot be read as a TOML recipe: {error}. Correct the file, or "
            f"choose a recipe that comes with fewbench. To list them, type: fewbench "
            f"recipes"
        ) from error
    changes = parse_settings(settings)
    # Another learner in place of the recipe's has no use for the settings of the former.
    learner = changes.get("learner", values.get("learner"))
    kind = _kind_of(learner, where)
    other_learner = learner != values.get("learner")
    recipe = _Parts.of(values, kind, where, drop_foreign=other_learner)
    refuse_settings_without_effect(changes, str(learner))
    changed = _Parts.of(_in_table(changes, kind), kind, "--set")
    if settings:
        # A mistake in the file is not one in the settings, and the other way round.
        recipe.checked(kind, where)
        together = " --set ".join(settings)
        where = f"--set {shown(together, 400)}"
    config = recipe.merged(changed).checked(kind, where)
    if is_own(config.backbone):
        look_in_working_folder()
    return config


def parse_config(
    values: dict[str, Any],
    where: str,
    *,
    from_checkpoint: bool = False,
) -> TrainConfig:
    """Check the values of a recipe, and return them as a TrainConfig.

    values: the values of the recipe, by key; the learner's own settings may stand in the
        learner's table or beside the other keys
    where: the file with the values, for the error message
    from_checkpoint: whether the values come from a checkpoint. If so, settings of other
        learners are left out, since older versions stored them. A class of the user is
        not imported from the working folder, since the checkpoint may be from somebody else.
    Raises BaselineError, which names every wrong key, if a key or value is wrong.
    """
    kind = _kind_of(values.get("learner"), where, search_here=not from_checkpoint)
    parts = _Parts.of(values, kind, where, drop_foreign=from_checkpoint)
    return parts.checked(kind, where)


@dataclass(frozen=True)
class _Parts:
    """The values of a recipe that all learners share, and the learner's own."""

    common: dict[str, Any]
    own: dict[str, Any]

    @classmethod
    def of(
        cls,
        values: dict[str, Any],
        kind: type[TrainedLearner],
        where: str,
        *,
        drop_foreign: bool = False,
    ) -> "_Parts":
        """Split values into those that all learners share and the learner's own.

        Raises BaselineError if a setting belongs to another learner or is given twice.
        """
        common = dict(values)
        own = _table(common.pop(kind.table, {}), kind, where)
        names = own_keys(kind)
        foreign = _foreign_names(kind)
        for key in values:
            if key in names and key in own:
                raise BaselineError(
                    f"{where}: {key}: is given twice, in [{kind.table}] and outside. "
                    f"Delete one of the two lines"
                )
            if key in names:
                own[key] = common.pop(key)
            elif key in foreign and drop_foreign:
                del common[key]
            elif key in foreign:
                raise BaselineError(
                    f"{where}: {key}: has no effect on this learner. Delete the line "
                    f"'{key} = ...' or the table [{key}]"
                )
        return cls(common, own)

    def merged(self, changes: "_Parts") -> "_Parts":
        """Return a copy of these values with the changes applied."""
        return _Parts(self.common | changes.common, self.own | changes.own)

    def checked(self, kind: type[TrainedLearner], where: str) -> TrainConfig:
        """Return the values as a TrainConfig.

        Raises BaselineError if a key or a value is wrong.
        """
        names = own_keys(kind)
        settings = _checked(TypeAdapter(kind.Settings), self.own, where, names)
        keys = [*(field.name for field in fields(TrainConfig)), *names]  # pyright: ignore[reportArgumentType] - pydantic's is a dataclass too
        keys.remove("own")
        return _checked(_COMMON, {**self.common, "own": settings}, where, keys)


def refuse_settings_without_effect(changes: Collection[str], learner: str) -> None:
    """Raise BaselineError if a changed key belongs to other learners.

    Otherwise the result would record a value that was never used.
    """
    foreign = _foreign_names(learner_class(learner, search_here=False))
    for key in sorted(changes):
        if key in foreign or key.partition(".")[0] in foreign:
            name = shown(key)
            raise BaselineError(
                f"--set {name}=...: {name} has no effect on {learner}. Omit this setting."
            )


def own_keys(kind: type[TrainedLearner]) -> list[str]:
    """Return the names of a learner's own settings."""
    return [field.name for field in fields(kind.Settings)]


def _foreign_names(kind: type[TrainedLearner]) -> set[str]:
    """Return the names of settings and tables that only other kinds of learners have."""
    names: set[str] = set()
    for other in BASELINES.values():
        names.update([other.table, *own_keys(other)])
    return names - {kind.table, *own_keys(kind)}


def _kind_of(
    learner: object,
    where: str,
    *,
    search_here: bool = True,
) -> type[TrainedLearner]:
    if not isinstance(learner, str):
        raise BaselineError(
            f"{where}: learner: expected the name of a learner, got {learner!r:.40}. Add "
            f'for example: learner = "protonet"'
        )
    return learner_class(learner, search_here=search_here)


def _table(table: object, kind: type[TrainedLearner], where: str) -> dict[str, Any]:
    if not isinstance(table, dict):
        raise BaselineError(
            f"{where}: {kind.table}: expected a table with settings, got {table!r:.40}. "
            f"Write [{kind.table}] on a line of its own, and the settings below"
        )
    return dict(table)


def _in_table(changes: dict[str, Any], kind: type[TrainedLearner]) -> dict[str, Any]:
    """Return the changes with short keys for the learner's own settings.

    For MAML, for example, "maml.inner_lr" becomes "inner_lr".
    """
    values = {}
    for key, value in changes.items():
        table, dot, name = key.partition(".")
        is_own = dot and table == kind.table and name in own_keys(kind)
        values[name if is_own else key] = value
    return values


def _checked(
    schema: TypeAdapter,
    values: dict[str, Any],
    where: str,
    keys: Sequence[str],
) -> Any:
    try:
        return schema.validate_python(values)
    except ValidationError as error:
        faults: list[str] = []
        for fault in error.errors():
            text = fault_text(fault, keys)
            faults.append(text)
        raise BaselineError(
            f"{where}: {'; '.join(faults)}. All keys: {', '.join(keys)}."
        ) from None


def _named(name: str, path: Path) -> str:
    """Return how an error names a recipe: by its name if it comes with fewbench."""
    if path.parent == _RECIPES:
        return f"recipe {name}"
    return str(path)


def _recipe_path(name_or_path: str) -> Path:
    path = Path(name_or_path)
    if path.suffix == ".toml":
        return path
    try:
        return pick("recipe", name_or_path, recipes(), see="fewbench recipes")
    except DataError as error:
        raise BaselineError(
            f"recipe {shown(name_or_path, 400)}: expected the path of a .toml file, or a recipe "
            f"that comes with fewbench: {error}"
        ) from None
