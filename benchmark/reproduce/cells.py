"""The cells of papers' tables that `fewbench reproduce` knows.

A cell is one published number, with everything that a reproduction needs: the recipe, the
protocol, and how far a reproduction may be from the number. The file cells.toml has one
table for each cell.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from fewbench.documents import explain, parse_toml
from fewbench.errors import UserError

from ...baselines.config import TrainConfig
from ...baselines.recipe_files import load_recipe
from ...datasets.lookup import pick
from ...reports.published import PublishedNumber
from ..published_numbers import published_numbers

# full: the recipe of the paper. short: a recipe of ours that takes less time. rehearsal: a
# minute on small drawings, to try every stage.
Budget = Literal["full", "short", "rehearsal"]
Scaled = Literal["full", "short"]
Positive = Annotated[float, Field(gt=0)]
_STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)


class CellError(UserError):
    """The table of cells is damaged."""


@dataclass(frozen=True, config=_STRICT)
class Rehearsal:
    """A recipe, with settings that make it so short that it only tries every stage."""

    recipe: str
    settings: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Cell:
    """A number in a paper's table, and how it is reproduced.

    recipe: the name of the full recipe
    settings: changes of the full recipe for this cell, each as `key=value`, with its source
    ours: whether the full recipe is fewbench's, because the paper gives none
    short: the name of the recipe of the short budget
    short_settings: changes of the short recipe for this cell, each as `key=value`
    protocol: the name of the protocol of the evaluation
    retrain: the splits of a second training; "" if there is only one
    tolerance: the largest difference, in percentage points, that counts as reproduced
    tolerance_reason: sentences that say why
    reruns: numbers of others who ran the same method, network, way and shot again
    remark: sentences about the cell; "" if there is nothing to say
    seconds_a_step, short_seconds_a_step: the time of a training step on two CPU cores
    scaled: the budgets whose step was not measured: its time is a measured time of
        another recipe, scaled by the number of images or tasks in a step
    """

    id: str
    published: PublishedNumber
    recipe: str
    settings: Mapping[str, str]
    ours: bool
    short: str
    short_settings: tuple[str, ...]
    protocol: str
    retrain: Literal["train+val", ""]
    tolerance: float
    tolerance_reason: str
    reruns: tuple[PublishedNumber, ...]
    remark: str
    seconds_a_step: float
    short_seconds_a_step: float
    scaled: tuple[Scaled, ...]
    rehearsal: Rehearsal

    def config(self, budget: Budget, seed: int) -> TrainConfig:
        """Return the recipe of a training run for this cell.

        seed: the training seed
        """
        if budget == "full":
            config = load_recipe(self.recipe, list(self.settings))
        elif budget == "short":
            config = load_recipe(self.short, self.short_settings)
        else:
            config = load_recipe(self.rehearsal.recipe, self._rehearsal_settings())
        return replace(config, seed=seed)

    def _rehearsal_settings(self) -> list[str]:
        """Return the settings of a rehearsal, with the network and the shape of the cell."""
        full = load_recipe(self.recipe, list(self.settings))
        number = self.published
        return [
            *self.rehearsal.settings,
            f"backbone={full.backbone}",
            f"width={full.width}",
            f"way={number.way}",
            f"val_way={number.way}",
            f"shot={number.shot}",
            f"val_shot={number.shot}",
        ]

    def hours(self, budget: Budget) -> float:
        """Return about how many hours the training of one seed takes on two CPU cores.

        Validations are not counted. A second training takes at most twice as long as the
        first one, and is counted so. A rehearsal takes a minute.
        """
        if budget == "rehearsal":
            return 1 / 60
        steps = self.config(budget, seed=0).steps
        if budget == "short":
            return steps * self.short_seconds_a_step / 3600
        if self.retrain:
            steps *= 3
        return steps * self.seconds_a_step / 3600


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class _CellInFile:
    """The table of one cell in cells.toml. See `Cell` and the comment in the file."""

    recipe: str
    short: str
    protocol: str
    tolerance: Positive
    tolerance_reason: str
    seconds_a_step: Positive
    short_seconds_a_step: Positive
    scaled: tuple[Scaled, ...] = ()
    settings: dict[str, str] = Field(default_factory=dict)
    ours: bool = False
    short_settings: tuple[str, ...] = ()
    retrain: Literal["train+val", ""] = ""
    reruns: tuple[str, ...] = ()
    remark: str = ""


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class _File:
    """The content of cells.toml."""

    rehearsals: dict[str, Rehearsal]
    cells: dict[str, _CellInFile]


_FILE = TypeAdapter(_File)


@cache
def cells() -> Mapping[str, Cell]:
    """Return all cells by id, in the order of the file cells.toml."""
    path = files("fewbench.benchmark.reproduce").joinpath("cells.toml")
    return parse_cells(path.read_bytes())


def parse_cells(data: bytes) -> dict[str, Cell]:
    """Parse a TOML document with the table of cells.

    Raises CellError, which names the cell, if the document is not valid.
    """
    try:
        file = _FILE.validate_python(parse_toml(data))
    except ValidationError as error:
        raise _damaged(explain(error)) from error
    except ValueError as error:
        raise _damaged(str(error)) from error
    published = {number.id: number for number in published_numbers()}
    found: dict[str, Cell] = {}
    for name, table in file.cells.items():
        for wanted in (name, *table.reruns):
            if wanted not in published:
                raise _damaged(f"{name}: {wanted} is not in published.csv")
        number = published[name]
        if number.learner not in file.rehearsals:
            raise _damaged(f"{name}: {number.learner} has no rehearsal")
        reruns = tuple(published[rerun] for rerun in table.reruns)
        found[name] = _cell(table, number, reruns, file.rehearsals[number.learner])
    return found


def find_cell(name: str) -> Cell:
    """Return the cell with this id.

    Raises DataError if there is none. The error suggests similar ids.
    """
    return pick("cell", name, cells(), see="fewbench reproduce --list")


def filtered(learner: str | None = None, dataset: str | None = None) -> list[Cell]:
    """Return the cells of a learner on a dataset. None means any.

    Raises DataError, which names all that have cells, if no cell has this learner or
    dataset.
    """
    learners: dict[str, list[Cell]] = {}
    datasets: dict[str, list[Cell]] = {}
    for cell in cells().values():
        learners.setdefault(cell.published.learner, []).append(cell)
        datasets.setdefault(cell.published.dataset, []).append(cell)
    found = list(cells().values())
    if learner is not None:
        found = pick("learner", learner, learners)
    if dataset is None:
        return found
    on_dataset = pick("dataset", dataset, datasets)
    return [cell for cell in found if cell in on_dataset]


def _cell(
    table: _CellInFile,
    number: PublishedNumber,
    reruns: tuple[PublishedNumber, ...],
    rehearsal: Rehearsal,
) -> Cell:
    values: dict[str, Any] = dict(vars(table))
    values["reruns"] = reruns
    return Cell(id=number.id, published=number, rehearsal=rehearsal, **values)


def _damaged(what: str) -> CellError:
    return CellError(
        f"cells.toml: {what}. Correct this file, or install fewbench again"
    )
