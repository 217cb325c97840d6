from dataclasses import replace

import torch

from fewbench.baselines.config import learner_card
from fewbench.baselines.recipe_files import load_recipe
from fewbench.datasets.episodes import EpisodeSpec


def test_a_recipe_has_the_shape_of_its_episodes() -> None:
    config = load_recipe("protonet-glyphs", ["way=7", "val_query=3"])
    assert config.train_spec == EpisodeSpec(7, 1, 5)
    assert config.val_spec == EpisodeSpec(5, 1, 3)


def test_the_flat_recipe_has_the_settings_of_the_learner_beside_the_others() -> None:
    config = load_recipe("maml-glyphs")
    flat = config.flat()
    assert "own" not in flat
    assert (flat["learner"], flat["inner_lr"]) == ("maml", 0.4)
    changed = replace(config, own=replace(config.own, inner_lr=0.5))
    assert changed.flat() == flat | {"inner_lr": 0.5}


def test_the_end_of_a_cosine_is_recorded_only_where_it_is_set() -> None:
    config = load_recipe("maml-glyphs", ["steps=9"])
    assert "lr_until" not in config.flat()
    assert config.cosine_steps == 9
    set_apart = replace(config, lr_until=4)
    assert set_apart.flat() == config.flat() | {"lr_until": 4}
    assert set_apart.cosine_steps == 4


def test_the_card_says_the_backend_if_it_is_not_native() -> None:
    config = load_recipe("maml-glyphs", ["seed=3"])
    card = learner_card(config, torch.device("cpu"))
    assert (card.name, card.backbone, card.train_seed) == (
        "maml",
        "conv4-strided-32",
        3,
    )
    other = learner_card(replace(config, backend="higher"), torch.device("cpu"))
    assert other.name == "maml-higher"
