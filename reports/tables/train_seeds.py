"""The spread over training: which results differ in their training seed alone, and their table."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from ..groups import Card, result_cards
from ..records import ResultError, RunResult
from ..stats.intervals import RUN_ONLY, train_seeds
from .accuracy import Cell, Label, Table, row_label, tables_of

REPEATED_NOTE = "of several results with one training seed the first counts; left out:"


def seed_tables(results: Iterable[RunResult]) -> list[Table]:
    """The spread over training: a row per recipe that was trained with several seeds."""
    cards = result_cards(results)
    columns, left_out = {}, {}
    for card in cards:
        columns[id(card)], left_out[id(card)] = _seed_column(card)
    return [
        replace(
            table,
            notes=(
                *table.notes,
                *(n for one in table.cards for n in left_out[id(one)]),
            ),
        )
        for table in tables_of([card for card in cards if columns[id(card)]], columns)
    ]


def seed_groups(card: Card) -> list[tuple[RunResult, ...]]:
    """The results of a card that differ in nothing but their training seed, two or more each; of
    several with one seed the first."""
    return [tuple(same[0] for same in seeds.values()) for seeds in _by_seed(card)]


def _by_seed(card: Card) -> list[dict[int, list[RunResult]]]:
    """Training seed -> results, for each recipe that was trained with several."""
    recipes: dict[tuple, dict[int, list[RunResult]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for result in card.results:
        recipe = {
            name: value for name, value in result.recipe.items() if name not in RUN_ONLY
        }
        named = (result.learner, result.backbone, result.precision, result.transductive)
        recipes[(*named, repr(sorted(recipe.items())))][result.train_seed].append(
            result
        )
    return [seeds for seeds in recipes.values() if len(seeds) > 1]


def _seed_column(card: Card) -> tuple[dict[Label, Cell], list[str]]:
    """The column, and what has no place in it though it looks as if it had."""
    column: dict[Label, Cell] = {}
    repeats = sum(len(same) - 1 for seeds in _by_seed(card) for same in seeds.values())
    left_out = [f"{card.label}: {REPEATED_NOTE} {repeats}"] if repeats else []
    for group in seed_groups(card):
        try:
            cell = Cell(group, train_seeds(group))
        except ResultError as error:
            left_out.append(f"{card.label}: no row for {group[0].learner}: {error}")
            continue
        label = row_label(group[0])._replace(
            seeds=tuple(result.train_seed for result in group)
        )
        while label in column:  # recipes that differ in what the label does not show
            label = label._replace(repeat=label.repeat + 1)
        column[label] = cell
    return column, left_out
