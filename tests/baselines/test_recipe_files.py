import tomllib
from pathlib import Path

import pytest

from fewbench.baselines.gradient.maml import MAML
from fewbench.baselines.gradient.maml_settings import MAMLSettings
from fewbench.baselines.learner import BaselineError
from fewbench.baselines.metric.protonet import ProtoNet
from fewbench.baselines.recipe_files import (
    load_recipe,
    own_keys,
    parse_config,
    recipes,
)


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
        ("lr=-1", "lr: expected a number greater than 0"),
        ("way=many", "way: expected a whole number"),
        ("precision=fp8", "precision: expected 'auto', 'fp32' or 'bf16'"),
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
    with pytest.raises(BaselineError, match="backbone is missing"):
        load_recipe(str(tmp_path / "short.toml"))


def test_the_learners_own_settings_stand_in_its_table_or_beside() -> None:
    """Recipes and checkpoints of earlier versions have no tables."""
    text = recipes()["maml-glyphs"].read_text()
    assert "[maml]" in text
    values = tomllib.loads(text)
    table = values.pop("maml")
    in_table = load_recipe("maml-glyphs")
    assert in_table.own == MAMLSettings(**table)
    assert parse_config({**values, **table}, "flat") == in_table
    assert parse_config({**values, "maml": table}, "table") == in_table
    assert in_table.flat()["inner_lr"] == table["inner_lr"]
    assert "temperature" not in in_table.flat()


@pytest.mark.parametrize("setting", ["inner_lr=0.25", "maml.inner_lr=0.25"])
def test_a_setting_finds_its_table(setting: str) -> None:
    assert load_recipe("maml-glyphs", [setting]).own.inner_lr == 0.25


def test_settings_of_other_learners_are_refused_but_for_old_checkpoints() -> None:
    with pytest.raises(BaselineError, match="inner_lr has no effect on protonet"):
        load_recipe("protonet-glyphs", ["inner_lr=0.1"])
    with pytest.raises(BaselineError, match="temperature has no effect on fomaml"):
        load_recipe("fomaml-glyphs", ["temperature=2"])
    old = load_recipe("protonet-glyphs").flat() | {"inner_steps": 1}
    with pytest.raises(
        BaselineError, match="inner_steps: has no effect.*Delete the line"
    ):
        parse_config(old, "recipe.toml")
    again = parse_config(old, "last.safetensors", from_checkpoint=True)
    assert again == load_recipe("protonet-glyphs")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("[maml]\ninner_lr = -1", "inner_lr: expected a number greater than 0"),
        ("[maml]\nsteps = 1", "steps: expected a key of a recipe.*All keys: inner_lr"),
        ("maml = 3", "maml: expected a table"),
        ("[protonet]\ntemperature = 1", "protonet: has no effect.*table .protonet."),
        ("inner_lr = 1\n[maml]\ninner_lr = 2", "inner_lr: is given twice"),
    ],
)
def test_a_wrong_table_gets_a_sentence(
    tmp_path: Path, lines: str, message: str
) -> None:
    text = recipes()["maml-glyphs"].read_text().partition("[maml]")[0]
    path = tmp_path / "mine.toml"
    path.write_text(text + lines)
    with pytest.raises(BaselineError, match=message):
        load_recipe(str(path))


def test_another_learner_leaves_the_settings_of_the_former_behind() -> None:
    config = load_recipe("maml-glyphs", ["learner=protonet", "temperature=2"])
    assert (config.learner, config.own.temperature) == ("protonet", 2.0)
    fomaml = load_recipe("maml-glyphs", ["learner=fomaml"])
    assert fomaml.own == load_recipe("maml-glyphs").own


@pytest.mark.parametrize("setting", ["foo.lr=1", "maml.lr=1", "protonet.inner_lr=1"])
def test_a_setting_in_a_table_that_lacks_it_is_refused(setting: str) -> None:
    key = setting.partition("=")[0]
    with pytest.raises(
        BaselineError, match=f"{key}: expected a key|{key} has no effect"
    ):
        load_recipe("maml-glyphs", [setting])


def test_a_recipe_without_a_learner_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('dataset = "glyphs"')
    with pytest.raises(BaselineError, match="learner: expected the name of a learner"):
        load_recipe(str(tmp_path / "a.toml"))


def test_the_keys_of_a_learner_are_those_of_its_settings() -> None:
    assert own_keys(ProtoNet) == ["temperature"]
    assert "inner_lr" in own_keys(MAML)


def test_a_wrong_setting_is_not_blamed_on_the_file_alone() -> None:
    with pytest.raises(
        BaselineError, match="^--set width=8 --set nope=3: nope: expected a key"
    ):
        load_recipe("protonet-glyphs", ["width=8", "nope=3"])


@pytest.mark.parametrize(
    "setting",
    ["meta_batch_size", "val_episodes", "maml.inner_steps", "maml.test_inner_steps"],
)
def test_a_number_with_which_a_step_would_never_end_is_refused(setting: str) -> None:
    with pytest.raises(BaselineError, match="less than or equal to"):
        load_recipe("maml-glyphs", [f"{setting}={10**12}"])
