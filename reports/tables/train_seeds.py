"""Make tables of the accuracy over training runs that differ only in their seed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..groups import ResultGroup, result_groups
from ..records import ResultError, RunResult
from ..stats.training_seeds import RUN_ONLY, train_seeds
from .accuracy import row_label, tables_of
from .cells import Cell
from .table import Label, Table

REPEATED_NOTE = "of several results with one training seed the first counts; left out:"


@dataclass
class _Recipe:
    """The results of one recipe.

    by_seed: training seed -> the first result with this seed
    n_repeats: the number of other results, which repeat a seed in `by_seed`
    """

    by_seed: dict[int, RunResult] = field(default_factory=dict)
    n_repeats: int = 0

    def add(self, result: RunResult) -> None:
        if result.train_seed in self.by_seed:
            self.n_repeats += 1
        else:
            self.by_seed[result.train_seed] = result


def seed_tables(results: Iterable[RunResult]) -> list[Table]:
    """Make tables of the accuracy over training seeds.

    There is a row for each recipe that was trained with several seeds.
    """
    columns = {}
    left_out = {}
    for group in result_groups(results):
        recipes = _recipes_of_several_seeds(group)
        column, refused = _column(group, recipes)
        if column:
            columns[group] = column
            left_out[group] = _note_on_repeats(group, recipes) + refused
    tables = []
    groups = list(columns)
    for table in tables_of(groups, columns):
        tables.append(_with_left_out(table, left_out))
    return tables


def _with_left_out(
    table: Table,
    left_out: Mapping[ResultGroup, Sequence[str]],
) -> Table:
    notes = list(table.notes)
    for group in table.groups:
        notes += left_out[group]
    return replace(table, notes=tuple(notes))


def _recipes_of_several_seeds(group: ResultGroup) -> list[_Recipe]:
    recipes: dict[tuple, _Recipe] = defaultdict(_Recipe)
    for result in group.results:
        key = _what_runs_share(result)
        recipes[key].add(result)
    return [recipe for recipe in recipes.values() if len(recipe.by_seed) > 1]


def _what_runs_share(result: RunResult) -> tuple:
    """Return a key that is equal for all training runs of one recipe."""
    settings = dict(result.recipe)
    for name in RUN_ONLY:
        settings.pop(name, None)
    return (
        result.learner,
        result.backbone,
        result.precision,
        result.image_changes,
        result.transductive,
        repr(sorted(settings.items())),
    )


def _note_on_repeats(group: ResultGroup, recipes: Iterable[_Recipe]) -> list[str]:
    n_repeats = sum(recipe.n_repeats for recipe in recipes)
    if n_repeats == 0:
        return []
    return [f"{group.label}: {REPEATED_NOTE} {n_repeats}"]


def _column(
    group: ResultGroup,
    recipes: Iterable[_Recipe],
) -> tuple[dict[Label, Cell], list[str]]:
    """Return the column of a group and a note on each recipe that is left out.

    The column has a cell for each recipe. A recipe is left out if no interval can be
    computed.
    """
    column: dict[Label, Cell] = {}
    refused: list[str] = []
    for recipe in recipes:
        results = tuple(recipe.by_seed.values())
        label = row_label(results[0])
        try:
            interval = train_seeds(results)
        except ResultError as error:
            refused.append(f"{group.label}: no row for {label.learner}: {error}")
            continue
        label = label._replace(seeds=tuple(recipe.by_seed))
        # Different recipes may have equal labels, so a repeated label is numbered.
        while label in column:
            label = label._replace(repeat=label.repeat + 1)
        column[label] = Cell(results, interval)
    return column, refused
