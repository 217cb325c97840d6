from pathlib import Path

import pytest

from fewbench.baselines.learner import BaselineError
from fewbench.baselines.recipe_files import load_recipe, parse_config, recipes


def test_the_omniglot_recipe_is_the_papers() -> None:
    config = load_recipe("protonet-omniglot")
    assert (config.way, config.shot, config.query) == (60, 1, 5)
    assert (config.lr, config.lr_decay, config.lr_step) == (0.001, 0.5, 2000)
    assert config.rotations
    assert config.train_splits == "train"


@pytest.mark.parametrize("name", recipes())
def test_every_line_of_a_recipe_is_a_known_key(name: str) -> None:
    config = load_recipe(name)
    assert parse_config(config.flat(), "again") == config


def test_settings_override_a_recipe_with_toml_values_or_words() -> None:
    config = load_recipe(
        "protonet-omniglot",
        ["lr=5e-4", "rotations=false", "precision=bf16", 'dataset="glyphs"'],
    )
    assert (config.lr, config.rotations) == (5e-4, False)
    assert (config.precision, config.dataset) == ("bf16", "glyphs")


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("learning_rate=1", "learning_rate: .*All keys: learner, dataset"),
        ("lr=-1", "lr: Input should be greater than 0"),
        ("way=many", "way: Input should be a valid integer"),
        ("precision=fp8", "precision: Input should be 'auto', 'fp32' or 'bf16'"),
        ("lr", "expected key=value"),
    ],
)
def test_a_wrong_setting_gets_a_sentence(setting: str, message: str) -> None:
    with pytest.raises(BaselineError, match=message):
        load_recipe("protonet-omniglot", [setting])


def test_an_unknown_recipe_gets_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(
        BaselineError,
        match="path of a .toml.*Did you mean 'protonet-omniglot'.*fewbench recipes",
    ):
        load_recipe("protonet-omnigot")
    with pytest.raises(BaselineError, match="cannot be read as a TOML recipe"):
        load_recipe(str(tmp_path / "none.toml"))
    (tmp_path / "bad.toml").write_text("lr = = 1")
    with pytest.raises(BaselineError, match="cannot be read as a TOML recipe"):
        load_recipe(str(tmp_path / "bad.toml"))


def test_a_recipe_of_ones_own_is_read_by_path(tmp_path: Path) -> None:
    text = recipes()["protonet-glyphs"].read_text().replace("way = 30", "way = 7")
    (tmp_path / "mine.toml").write_text(text)
    assert load_recipe(str(tmp_path / "mine.toml")).way == 7


def test_a_recipe_with_a_key_left_out_names_it(tmp_path: Path) -> None:
    (tmp_path / "short.toml").write_text('learner = "protonet"\n')
    with pytest.raises(BaselineError, match="backbone: Field required"):
        load_recipe(str(tmp_path / "short.toml"))
