"""The spread over training: which results differ in their training seed alone, and their table."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

from .cards import Card, result_cards
from .intervals import RUN_ONLY, train_seeds
from .layout import Cell, Label, Table, row_label, tables_of
from .records import ResultError, RunResult


def seed_tables(results: Iterable[RunResult]) -> list[Table]:
    """The spread over training: a row per recipe that was trained with several seeds."""
    cards = result_cards(results)
    columns = {id(card): _seed_column(card) for card in cards}
    return [
        replace(
            table, notes=(*table.notes, *(note for one in table.cards for note in _left_out(one)))
        )
        for table in tables_of([card for card in cards if columns[id(card)]], columns)
    ]


def seed_groups(card: Card) -> list[tuple[RunResult, ...]]:
    """The results of a card that differ in nothing but their training seed, two or more each; of
    several with one seed the first."""
    return [tuple(same[0] for same in seeds.values()) for seeds in _by_seed(card)]


def _by_seed(card: Card) -> list[dict[int, list[RunResult]]]:
    """Training seed -> results, for each recipe that was trained with several."""
    recipes: dict[tuple, dict[int, list[RunResult]]] = defaultdict(lambda: defaultdict(list))
    for result in card.results:
        recipe = {name: value for name, value in result.recipe.items() if name not in RUN_ONLY}
        named = (result.learner, result.backbone, result.precision, result.transductive)
        recipes[(*named, repr(sorted(recipe.items())))][result.train_seed].append(result)
    return [seeds for seeds in recipes.values() if len(seeds) > 1]


def _left_out(card: Card) -> Iterator[str]:
    """What of a card has no place in the table, though it looks as if it had."""
    repeats = sum(len(same) - 1 for seeds in _by_seed(card) for same in seeds.values())
    if repeats:
        yield (
            f"{card.label}: of several results with one training seed the first counts; "
            f"left out: {repeats}"
        )
    for group in seed_groups(card):
        try:
            train_seeds(group)
        except ResultError as error:
            yield f"{card.label}: no row for {group[0].learner}: {error}"


def _seed_column(card: Card) -> dict[Label, Cell]:
    column: dict[Label, Cell] = {}
    for group in seed_groups(card):
        try:
            cell = Cell(group, train_seeds(group))
        except ResultError:
            continue
        label = row_label(group[0])._replace(seeds=tuple(result.train_seed for result in group))
        while label in column:  # recipes that differ in what the label does not show
            label = label._replace(repeat=label.repeat + 1)
        column[label] = cell
    return column
