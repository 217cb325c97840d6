"""What a grid asks for: each training once, and each result under a name of its own."""

from pathlib import Path

import pytest

from fewbench.benchmark.cluster.grid_file import GridError, parse_grid
from fewbench.benchmark.cluster.grid_trainings import GridTraining, grid_trainings
from fewbench.datasets.root import data_root
from fewbench.reports.records import file_stem

GLYPHS = '[[part]]\nrecipes = ["protonet-glyphs"]\nprotocols = ["glyphs-5w1s"]\n'


def trainings(text: str) -> list[GridTraining]:
    return grid_trainings(parse_grid(text.encode()), data_root())


def titles(text: str) -> list[str]:
    return [training.title for training in trainings(text)]


def test_what_varies_is_in_the_name() -> None:
    assert titles(f"seeds = 2\n{GLYPHS}vary = {{shot = [1, 5]}}\n") == [
        "protonet shot=1 on glyphs, seed 0",
        "protonet shot=5 on glyphs, seed 0",
        "protonet shot=1 on glyphs, seed 1",
        "protonet shot=5 on glyphs, seed 1",
    ]
    assert titles(GLYPHS) == ["protonet on glyphs, seed 0"]


def test_several_recipes_of_a_learner_are_called_by_their_recipe() -> None:
    text = """
    [[part]]
    recipes = ["protonet-omniglot", "protonet-omniglot-short", "maml-omniglot"]
    protocols = ["omniglot-5w1s"]
    """
    assert titles(text) == [
        "protonet-omniglot on omniglot, seed 0",
        "protonet-omniglot-short on omniglot, seed 0",
        "maml on omniglot, seed 0",
    ]


def test_parts_with_other_settings_have_other_names() -> None:
    text = f"{GLYPHS}settings = {{lr = 0.1}}\n{GLYPHS}settings = {{lr = 0.2}}\n"
    names = [training.name for training in trainings(text)]
    assert names == ["protonet lr=0.1", "protonet lr=0.2"]


def test_equal_trainings_are_done_once_with_all_their_protocols() -> None:
    other = GLYPHS.replace("5w1s", "5w5s")
    [training] = trainings(f"{GLYPHS}{other}{GLYPHS}vary = {{shot = [1, 1]}}\n")
    names = [protocol.name for protocol in training.protocols]
    assert names == ["glyphs-5w1s", "glyphs-5w5s"]


def test_no_two_results_share_a_file() -> None:
    text = f"""
    seeds = 2
    {GLYPHS}
    episodes = 100
    [part.vary]
    shot = [1, 5]
    lr = [0.1, 0.01, 1e-10]
    [[part]]
    recipes = ["protonet-glyphs", "maml-glyphs"]
    protocols = ["glyphs-5w1s", "glyphs-5w5s"]
    episodes = 100
    """
    stems = []
    for one in trainings(text):
        for protocol in one.protocols:
            stems.append(file_stem(protocol.name, one.name, one.config.seed))
    assert len(stems) == len(set(stems)) == 2 * (6 + 2 * 2)


def test_a_long_name_is_cut_and_still_unique() -> None:
    values = "[0.123456789, 0.12345678]"
    vary = "\n".join(f"{key} = {values}" for key in ("lr", "lr_decay", "clip_norm"))
    text = f"{GLYPHS}[part.vary]\n{vary}\nval_query = [10, 15]\nclip_value = {values}\n"
    names = [training.name for training in trainings(text)]
    assert len(set(names)) == 2**5
    assert max(map(len, names)) == 80


def test_a_protocol_goes_to_the_trainings_on_its_dataset() -> None:
    text = """
    [[part]]
    recipes = ["protonet-glyphs"]
    datasets = ["glyphs", "omniglot", "omniglot-nearest"]
    protocols = ["glyphs-5w1s", "omniglot-5w1s"]
    episodes = 600
    """
    found = {}
    for training in trainings(text):
        found[training.config.dataset] = [one.name for one in training.protocols]
    assert found == {
        "glyphs": ["glyphs-5w1s-600ep"],
        "omniglot": ["omniglot-5w1s-600ep"],
        "omniglot-nearest": ["omniglot-5w1s-on-omniglot-nearest-600ep"],
    }


def test_a_dataset_of_another_size_has_the_protocols_of_its_usual_size() -> None:
    text = """
    [[part]]
    recipes = ["protonet-omniglot"]
    datasets = ["omniglot", "omniglot@105"]
    protocols = ["omniglot-5w1s", "omniglot@105-5w5s"]
    """
    found = {}
    for training in trainings(text):
        found[training.config.dataset] = [one.name for one in training.protocols]
    assert found == {
        "omniglot": ["omniglot-5w1s"],
        "omniglot@105": [
            "omniglot-5w1s-on-omniglot@105",
            "omniglot-5w5s-on-omniglot@105",
        ],
    }
    alone = text.replace('"omniglot", ', "").replace('"omniglot-5w1s", ', "")
    assert titles(alone) == ["protonet on omniglot@105, seed 0"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GLYPHS.replace("protonet", "protonett"), "Did you mean 'protonet-glyphs'"),
        (GLYPHS.replace("5w1s", "5w1"), "unknown protocol 'glyphs-5w1'"),
        (GLYPHS + 'datasets = ["glyph"]', "unknown dataset 'glyph'"),
        (GLYPHS + "settings = {shots = 3}", "shots: expected a key of a recipe"),
        (GLYPHS + "settings = {inner_lr = 3}", "inner_lr has no effect on protonet"),
        (
            GLYPHS + "settings = {seed = 3}",
            "seed: cannot be a setting here. Write seeds",
        ),
        (GLYPHS + 'vary = {dataset = ["glyphs"]}', "Write datasets = [...] instead"),
        (
            GLYPHS + "settings = {lr = 0.1}\nvary = {lr = [0.2]}",
            "lr: is both in settings and in vary",
        ),
        (
            GLYPHS.replace("glyphs-5w1s", "omniglot-5w1s"),
            "expected a protocol on glyphs, on which a learner is trained, got omniglot-5w1s",
        ),
        (
            GLYPHS.replace('"glyphs-5w1s"', '"glyphs-5w1s", "omniglot-5w1s"'),
            "protocol omniglot-5w1s: expected a training on omniglot, got none",
        ),
    ],
)
def test_what_cannot_be_done_is_refused_with_its_part(text: str, said: str) -> None:
    with pytest.raises(GridError) as caught:
        trainings(f"{GLYPHS}settings = {{width = 8}}\n{text}")
    assert str(caught.value).startswith("part 2 of the grid: ")
    assert said in str(caught.value)


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    paths = []
    for number, width in enumerate((8, 16)):
        path = tmp_path / str(number) / "mine.toml"
        path.parent.mkdir()
        path.write_text(
            f'learner = "protonet"\ndataset = "glyphs"\nbackbone = "conv4"\nwidth = {width}\n'
            "way = 5\nshot = 1\nquery = 5\nsteps = 2\nlr = 0.1\n"
        )
        paths.append(str(path))
    text = f'[[part]]\nrecipes = {paths}\nprotocols = ["glyphs-5w1s"]\n'
    with pytest.raises(GridError, match="would both be called mine in tables"):
        trainings(text.replace("'", '"'))
