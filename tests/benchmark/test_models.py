import sys
from pathlib import Path

import pytest

from fewbench.baselines.any_model import FunctionLearner
from fewbench.baselines.learner import BaselineError
from fewbench.baselines.own_encoder import EncoderLearner
from fewbench.benchmark.models import Loading, load_model

CPU = Loading(device="cpu")


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module in the working folder, which nothing has put on the path."""
    name = f"models_of_{tmp_path.name}"
    (tmp_path / f"{name}.py").write_text(
        """
from torch import nn

def encoder():
    return nn.Flatten()

def scores():
    def nearest(support_images, support_labels, query_images):
        raise AssertionError
    return nearest

def three(a, b, c):
    pass

def bad():
    raise ValueError("no weights here")

def nothing():
    return None

made = nn.Conv2d(1, 2, 3)
number = 5
"""
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    return name


def test_a_learner_is_loaded_by_the_words_of_a_user() -> None:
    assert load_model("centroid", CPU).card.name == "centroid"
    assert load_model("centroid", Loading(name="floor")).card.name == "floor"
    with pytest.raises(BaselineError, match="tpu"):
        load_model("centroid", Loading(device="tpu"))
    with pytest.raises(BaselineError, match="'centroid'"):
        load_model("centriod", CPU)


def test_a_factory_in_the_working_folder_makes_the_model(module: str) -> None:
    encoder = load_model(f"{module}:encoder", Loading(train_seed=3))
    assert isinstance(encoder, EncoderLearner)
    assert (encoder.card.name, encoder.card.train_seed) == ("Flatten", 3)
    function = load_model(f"{module}:scores", CPU)
    assert isinstance(function, FunctionLearner)
    made = load_model(f"{module}:made", CPU)
    assert isinstance(made, EncoderLearner)
    assert made.card.name == "Conv2d"


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("{}:bad", r"bad: failed: ValueError: no weights here \(.*line 16\)"),
        ("{}:three", "takes no argument.*got a function that needs 'a'"),
        ("{}:missing", "has no function missing"),
        ("{}:number", "has no function number"),
        ("{}.py:bad", r"got the name of a file. Leave out .py: \w+:bad"),
        ("{}:nothing", "got None"),
        ("no_such_module:make", "cannot import no_such_module: ModuleNotFoundError"),
        ("features:folder", "folder: holds no stored features.*fewbench embed WHAT"),
        ("timm:resnet18", "kind 'timm:' are not supported"),
    ],
)
def test_what_cannot_be_loaded_gets_a_sentence(
    module: str, what: str, said: str
) -> None:
    with pytest.raises(BaselineError, match=said):
        load_model(what.format(module), CPU)


def test_settings_without_effect_are_refused(module: str) -> None:
    with pytest.raises(BaselineError, match="--set way=5: has no effect"):
        load_model(f"{module}:encoder", Loading(settings=("way=5",)))
    with pytest.raises(
        BaselineError, match="--train-seed 3: the training seed of centroid"
    ):
        load_model("centroid", Loading(train_seed=3))


def test_a_member_of_the_output_is_for_encoders_alone(module: str) -> None:
    encoder = load_model(f"{module}:encoder", Loading(features="pooled"))
    assert encoder.card.backbone == "Flatten[pooled]"
    with pytest.raises(BaselineError, match="--features a: has no effect on centroid"):
        load_model("centroid", Loading(features="a"))
    with pytest.raises(BaselineError, match="features='a': has no effect on nearest"):
        load_model(f"{module}:scores", Loading(device="cpu", features="a"))


def test_a_folder_of_features_is_named_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("f").mkdir()
    Path("f/features.json").write_text("{}")
    with pytest.raises(BaselineError, match="Name them so: features:f$"):
        load_model("f", CPU)
