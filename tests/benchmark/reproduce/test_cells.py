import pytest

from fewbench.baselines.recipe_files import recipes
from fewbench.benchmark.protocols.catalogue import find_protocol
from fewbench.benchmark.published_numbers import published_numbers
from fewbench.benchmark.reproduce.cells import (
    Cell,
    CellError,
    Scaled,
    cells,
    filtered,
    find_cell,
    parse_cells,
)
from fewbench.datasets.info import DataError
from fewbench.reports.networks import same_network
from fewbench_tests.paths import REPOSITORY

ALL = list(cells().values())
IDS = list(cells())
LEARNERS = ("protonet", "maml", "fomaml")


def test_every_reference_number_of_these_learners_has_a_cell() -> None:
    wanted: set[str] = set()
    for number in published_numbers():
        if number.reference and number.learner in LEARNERS:
            wanted.add(number.id)
        if number.id.startswith("anil-raghu20-"):
            wanted.add(number.id)

    assert len(wanted) == 24
    assert set(cells()) == wanted


@pytest.mark.parametrize("cell", ALL, ids=IDS)
def test_the_recipes_train_what_the_number_was_measured_with(cell: Cell) -> None:
    number = cell.published
    for budget in ("full", "short"):
        config = cell.config(budget, seed=7)
        assert (config.learner, config.dataset) == (number.learner, number.dataset)
        assert same_network(number.network, f"{config.backbone}-{config.width}")
        assert config.shot == config.val_shot == number.shot
        assert config.seed == 7
        if number.learner != "protonet":
            assert config.way == config.val_way == number.way
            assert config.val_query == find_protocol(cell.protocol).n_query
        assert config.way >= number.way


# The facts of Finn et al. 2017 (appendix A.1) and cbfinn/maml: backbone, width, way,
# shot, query, tasks a step, inner steps in training, inner steps at test, inner learning rate
# times ways, and the clip at 10 for a sum over queries divided by shots.
FINN = {
    "maml-finn17-omni-5w1s": ("conv4-strided", 64, 5, 1, 1, 32, 1, 3, 0.4 * 5, None),
    "maml-finn17-omni-5w5s": ("conv4-strided", 64, 5, 5, 5, 32, 1, 3, 0.4 * 5, None),
    "maml-finn17-omni-20w1s": ("conv4-strided", 64, 20, 1, 1, 16, 5, 5, 0.1 * 20, None),
    "maml-finn17-omni-20w5s": ("conv4-strided", 64, 20, 5, 5, 16, 5, 5, 0.1 * 20, None),
    "maml-finn17-omni-mlp-5w1s": ("mlp", 64, 5, 1, 1, 32, 1, 3, 0.4 * 5, None),
    "maml-finn17-omni-mlp-5w5s": ("mlp", 64, 5, 5, 5, 32, 1, 3, 0.4 * 5, None),
    "maml-finn17-mini-5w1s": ("conv4", 32, 5, 1, 15, 4, 5, 10, 0.01 * 5, 10 / 75),
    "maml-finn17-mini-5w5s": ("conv4", 32, 5, 5, 15, 2, 5, 10, 0.01 * 5, 10 * 5 / 75),
    "fomaml-finn17-mini-5w1s": ("conv4", 32, 5, 1, 15, 4, 5, 10, 0.01 * 5, 10 / 75),
    "fomaml-finn17-mini-5w5s": ("conv4", 32, 5, 5, 15, 2, 5, 10, 0.01 * 5, 10 * 5 / 75),
}


@pytest.mark.parametrize("name", FINN)
def test_maml_is_trained_as_its_authors_say(name: str) -> None:
    config = find_cell(name).config("full", seed=0)
    backbone, width, way, shot, query, tasks, *inner, lr, clip = FINN[name]
    assert (config.backbone, config.width) == (backbone, width)
    assert (config.way, config.shot, config.query) == (way, shot, query)
    assert config.meta_batch_size == tasks
    assert [config.own.inner_steps, config.own.test_inner_steps] == inner
    assert config.own.inner_lr == pytest.approx(lr)
    assert config.clip_value == (clip and pytest.approx(clip, rel=1e-3))
    assert (config.steps, config.lr, config.lr_decay) == (60_000, 0.001, 1)


@pytest.mark.parametrize(
    ("name", "way", "shot", "query"),
    [
        ("protonet-snell17-omni-5w1s", 60, 1, 5),
        ("protonet-snell17-omni-20w5s", 60, 5, 5),
        ("protonet-snell17-mini-5w1s", 30, 1, 15),
        ("protonet-snell17-mini-5w5s", 20, 5, 15),
    ],
)
def test_protonet_is_trained_as_its_authors_say(
    name: str, way: int, shot: int, query: int
) -> None:
    """Snell et al. 2017, sections 3.1 and 3.2."""
    config = find_cell(name).config("full", seed=0)
    assert (config.way, config.shot, config.query) == (way, shot, query)
    assert (config.lr, config.lr_decay, config.lr_step) == (0.001, 0.5, 2000)
    assert (config.backbone, config.width) == ("conv4", 64)
    assert config.own.temperature == 1


@pytest.mark.parametrize("cell", ALL, ids=IDS)
def test_the_protocol_has_the_shape_of_the_number(cell: Cell) -> None:
    number, protocol = cell.published, find_protocol(cell.protocol)
    assert protocol.dataset == number.dataset
    assert (protocol.n_way, protocol.n_shot) == (number.way, number.shot)
    assert number.query in (None, protocol.n_query)
    assert number.n_episodes in (None, protocol.n_episodes)


@pytest.mark.parametrize("cell", ALL, ids=IDS)
def test_the_names_say_whose_recipe_it_is(cell: Cell) -> None:
    assert cell.short.endswith("-short")
    assert not cell.recipe.endswith("-short")
    assert cell.short in recipes()
    assert all(cell.settings.values())
    assert cell.tolerance_reason.endswith(".")


@pytest.mark.parametrize("cell", ALL, ids=IDS)
def test_reruns_are_of_the_same_cell_and_by_others(cell: Cell) -> None:
    number = cell.published
    for rerun in cell.reruns:
        assert rerun.id != number.id
        assert rerun.source != number.source
        assert not rerun.left_out
        assert rerun.learner == number.learner
        assert (rerun.dataset, rerun.way, rerun.shot) == (
            *(number.dataset, number.way, number.shot),
        )
        assert rerun.network.startswith(number.network)


@pytest.mark.parametrize("learner", [*LEARNERS, "anil"])
def test_a_rehearsal_is_of_the_same_learner_on_the_embedded_images(
    learner: str,
) -> None:
    config = filtered(learner)[0].config("rehearsal", seed=1)
    assert (config.learner, config.dataset) == (learner, "glyphs")
    assert config.steps <= 100


def test_recipes_of_ours_are_marked() -> None:
    ours = {cell.id for cell in ALL if cell.ours}
    assert ours == {
        *(name for name in IDS if "-tiered-" in name),
        *(name for name in IDS if name.startswith("anil-")),
    }


def test_the_cells_of_snell_on_characters_are_trained_twice() -> None:
    twice = [cell.id for cell in ALL if cell.retrain]
    assert twice == [cell.id for cell in filtered("protonet", "omniglot")]
    cell = find_cell(twice[0])
    assert cell.hours("full") == pytest.approx(3 * 20_000 * cell.seconds_a_step / 3600)
    assert cell.hours("short") < cell.hours("full") / 4


def test_a_cell_is_found_by_id_and_by_learner_and_dataset() -> None:
    assert find_cell("maml-finn17-mini-5w1s").published.accuracy == 48.7
    with pytest.raises(DataError, match="Did you mean 'maml-finn17-mini-5w1s'"):
        find_cell("maml-finn7-mini-5w1s")
    assert len(filtered()) == 24
    assert len(filtered("fomaml")) == 2
    assert {cell.published.dataset for cell in filtered(dataset="omniglot")} == {
        "omniglot"
    }
    assert filtered("fomaml", "omniglot") == []
    with pytest.raises(DataError, match="'mami'. Did you mean 'maml'.*Known: anil"):
        filtered("mami")
    with pytest.raises(DataError, match="dataset 'glyphs'.*Known: miniimagenet, omni"):
        filtered(dataset="glyphs")


TABLE = """
[rehearsals.maml]
recipe = "maml-glyphs"
settings = ["steps=5"]

[cells.maml-finn17-mini-5w1s]
recipe = "maml-miniimagenet"
short = "maml-miniimagenet-short"
protocol = "finn2017-miniimagenet-5w1s"
tolerance = 2.0
tolerance_reason = "Reruns differ."
seconds_a_step = 1
short_seconds_a_step = 1
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("", "= 1", "cells.toml: it is no TOML"),
        (
            "tolerance = 2.0",
            "tolerance = -1",
            "finn17-mini-5w1s.tolerance: expected a number greater than 0",
        ),
        ("tolerance = 2.0", "", "finn17-mini-5w1s.tolerance is missing"),
        (
            'recipe = "maml-mini',
            'sort = 1\nrecipe = "maml-mini',
            "5w1s.sort: is no known key",
        ),
        ("cells.maml-finn17", "cells.maml-doe20", "doe20-mini-5w1s is not in publ"),
        ("rehearsals.maml", "rehearsals.anil", "maml has no rehearsal"),
        ("tolerance = 2.0", 'tolerance = 2\nreruns = ["x"]', "5w1s: x is not in publ"),
    ],
)
def test_a_damaged_table_gets_a_sentence(old: str, new: str, message: str) -> None:
    assert list(parse_cells(TABLE.encode())) == ["maml-finn17-mini-5w1s"]
    damaged = TABLE.replace(old, new, 1)
    with pytest.raises(CellError, match=message):
        parse_cells(damaged.encode())


def duration(cell: Cell, budget: Scaled) -> str:
    """A time with two digits or so, such as "23 h" or "8 min*"; * for a scaled one."""
    hours = cell.hours(budget)
    mark = "*" if budget in cell.scaled else ""
    if hours < 1:
        return f"{60 * hours:.0f} min{mark}"
    digits = 0 if hours >= 10 else 1
    return f"{hours:.{digits}f} h{mark}"


def row_in_docs(cell: Cell) -> str:
    """The line of a cell in the table of docs/reproduce.md."""
    number = cell.published
    accuracy = str(number.accuracy)
    if number.half_width is not None:
        accuracy += f" ± {number.half_width:g}"
    recipe = f"{cell.recipe} (ours)" if cell.ours else cell.recipe
    times = [duration(cell, "full"), duration(cell, "short")]
    texts = [f"`{cell.id}`", accuracy, f"`{cell.protocol}`", recipe]
    texts += [f"{cell.tolerance:g}", str(len(cell.reruns)), *times]
    return f"| {' | '.join(texts)} |"


def test_the_docs_have_every_cell_as_it_is_in_the_table() -> None:
    page = REPOSITORY / "docs" / "reproduce.md"
    lines = page.read_text(encoding="utf-8").splitlines()
    found = [line for line in lines if line.startswith("| `")]
    assert found == [row_in_docs(cell) for cell in ALL]
