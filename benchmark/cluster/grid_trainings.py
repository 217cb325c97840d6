"""The trainings that a grid asks for, each once, and under which name it is reported."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fewbench.documents import shown
from fewbench.errors import UserError

from ...baselines.config import TrainConfig
from ...baselines.recipe_files import load_recipe
from ...datasets.catalogue import find_dataset
from ...datasets.info import DatasetInfo
from ...reports.protocol import EvalProtocol
from ..protocols.catalogue import find_protocol
from .grid_file import Grid, GridError, Part, Scalar, settings_texts

_LONGEST_NAME = 80
_MOST_TRAININGS = 100_000  # a second for each is more than a day
# Settings that have a place of their own in a grid.
_ELSEWHERE = {"seed": "seeds = [...] at the top", "dataset": "datasets = [...]"}


@dataclass(frozen=True)
class GridTraining:
    """One training of a grid, and the protocols that evaluate it.

    name: the name of the learner in tables; with the seed and the protocol it is unique
    """

    config: TrainConfig
    name: str
    protocols: tuple[EvalProtocol, ...]

    @property
    def title(self) -> str:
        """A few words for messages."""
        return f"{self.name} on {self.config.dataset}, seed {self.config.seed}"


@dataclass(frozen=True)
class _Wanted:
    """A training that a part asks for, whatever its seed.

    recipe: as the user names it
    marks: the settings that the user varies, with their values
    changes: all settings of the part and their values
    """

    config: TrainConfig
    recipe: str
    marks: Mapping[str, Scalar]
    changes: Mapping[str, Any]
    protocols: tuple[EvalProtocol, ...]

    @property
    def learner(self) -> str:
        """The name of the kind of learner, as results name it."""
        if self.config.backend == "native":
            return self.config.learner
        return f"{self.config.learner}-{self.config.backend}"

    @property
    def key(self) -> str:
        """A text that is equal for equal trainings."""
        return json.dumps(self.config.flat(), sort_keys=True)


def grid_trainings(grid: Grid, root: Path) -> list[GridTraining]:
    """Return all trainings of a grid, for one seed after the other.

    root: the folder with the built datasets
    What several parts ask for is there once, with the protocols of all of them.
    Raises GridError, which names the part, if a recipe, dataset, protocol or setting is
    unknown, or if a protocol is not of the dataset of any training.
    """
    _refuse_too_many(grid)
    wanted: dict[str, _Wanted] = {}
    for number, part in enumerate(grid.part, start=1):
        try:
            found = list(_wanted(part, root))
        except UserError as error:
            raise GridError(
                f"part {number} of the grid: {shown(error, 2000)}"
            ) from error
        for one in found:
            known = wanted.setdefault(one.key, one)
            protocols = dict.fromkeys([*known.protocols, *one.protocols])
            wanted[one.key] = replace(known, protocols=tuple(protocols))
    names = _names(list(wanted.values()))
    trainings: list[GridTraining] = []
    for seed in grid.all_seeds:
        for name, one in zip(names, wanted.values(), strict=True):
            config = replace(one.config, seed=seed)
            trainings.append(GridTraining(config, name, one.protocols))
    return trainings


def _refuse_too_many(grid: Grid) -> None:
    total = 0
    for part in grid.part:
        n_datasets = len(part.datasets or [None])
        total += len(part.recipes) * n_datasets * part.n_combinations
    total *= len(grid.all_seeds)
    if total > _MOST_TRAININGS:
        raise GridError(
            f"expected at most {_MOST_TRAININGS:,} trainings, got {total:,}. Use fewer "
            f"values under vary, or fewer seeds"
        )


def _wanted(part: Part, root: Path) -> Iterator[_Wanted]:
    """Yield the trainings of a part, whatever their seed."""
    _refuse_elsewhere(part)
    # A wrong name of a protocol is reported before anything else.
    protocols = [find_protocol(name, root=root) for name in part.protocols]
    used: set[str] = set()
    for recipe in dict.fromkeys(part.recipes):
        for dataset in part.datasets or [None]:
            for marks in part.combinations():
                one = _one(part, recipe, dataset, marks)
                info = find_dataset(one.config.dataset, root)
                own = _own_protocols(part, info, root)
                used |= {info.base, info.name}
                yield replace(one, protocols=tuple(own))
    for protocol in protocols:
        if protocol.dataset not in used:
            raise GridError(
                f"protocol {protocol.name}: expected a training on {protocol.dataset}, "
                f"got none in this part. Add it to datasets = [...], or leave this "
                f"protocol out"
            )


def _one(
    part: Part, recipe: str, dataset: str | None, marks: Mapping[str, Scalar]
) -> _Wanted:
    changes: dict[str, Any] = {**part.settings, **marks}
    if dataset is not None:
        changes["dataset"] = dataset
    config = load_recipe(recipe, settings_texts(changes))
    # The seeds of the grid take the place of the recipe's.
    return _Wanted(replace(config, seed=0), recipe, marks, changes, ())


def _own_protocols(part: Part, info: DatasetInfo, root: Path) -> list[EvalProtocol]:
    """Return the protocols of a part for a learner that was trained on a dataset.

    They are those of the dataset. For a variant of a dataset, such as omniglot-nearest
    or miniimagenet@224, they are those of the dataset, on the images of the variant.
    Raises GridError if there are none.
    """
    own: list[EvalProtocol] = []
    for name in dict.fromkeys(part.protocols):
        if find_protocol(name, root=root).dataset in (info.base, info.name):
            other = None if info.name == info.base else info.name
            protocol = find_protocol(
                name, dataset=other, n_episodes=part.episodes, root=root
            )
            own.append(protocol)
    if not own:
        raise GridError(
            f"expected a protocol on {info.name}, on which a learner is trained, got "
            f"{', '.join(part.protocols)}. To see the names: fewbench protocol list"
        )
    return own


def _refuse_elsewhere(part: Part) -> None:
    for key in (*part.settings, *part.vary):
        if key in _ELSEWHERE:
            raise GridError(
                f"{key}: cannot be a setting here. Write {_ELSEWHERE[key]} instead"
            )
    for key in part.vary:
        if key in part.settings:
            raise GridError(
                f"{key}: is both in settings and in vary. Delete one of the two lines"
            )


def _names(wanted: Sequence[_Wanted]) -> list[str]:
    """Return a name for each training that no other training under the same protocol has."""
    names = [_name(one, _rivals(one, wanted)) for one in wanted]
    taken: dict[tuple[str, EvalProtocol], str] = {}
    for one, name in zip(wanted, names, strict=True):
        for protocol in one.protocols:
            other = taken.setdefault((name, protocol), one.recipe)
            if other != one.recipe:
                raise GridError(
                    f"the recipes {other} and {one.recipe} would both be called {name} in "
                    f"tables. Give one of the two files another name"
                )
    return names


def _rivals(one: _Wanted, wanted: Sequence[_Wanted]) -> list[_Wanted]:
    """Return all trainings that stand beside this one in tables, and the training itself."""
    rivals: list[_Wanted] = []
    for other in wanted:
        shares_protocol = not set(one.protocols).isdisjoint(other.protocols)
        if other.learner == one.learner and shares_protocol:
            rivals.append(other)
    return rivals


def _name(one: _Wanted, group: Sequence[_Wanted]) -> str:
    """Return a learner's name with all that makes it differ from its rivals."""
    words = [one.learner]
    if len({other.recipe for other in group}) > 1:
        words = [Path(one.recipe).stem]
    flat = one.config.flat()
    for key in _keys(group):
        values = {json.dumps(other.config.flat().get(key)) for other in group}
        if len(values) > 1 or key in {_short(mark) for mark in one.marks}:
            words.append(f"{key}={flat[key]}")
    name = " ".join(words)
    if len(name) <= _LONGEST_NAME:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()
    return f"{name[: _LONGEST_NAME - 13]}-{digest[:12]}"


def _keys(group: Sequence[_Wanted]) -> list[str]:
    """Return the settings that any training of a group changes, in their order."""
    keys: dict[str, None] = {}
    for one in group:
        for text in settings_texts(one.changes):
            key = _short(text.partition("=")[0])
            if key != "dataset":
                keys[key] = None
    return list(keys)


def _short(key: str) -> str:
    """Return a key without the name of the learner's table before it."""
    return key.rpartition(".")[2]
