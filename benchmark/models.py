"""Load the model that a user names on the command line."""

import importlib
import inspect
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..baselines.any_model import as_learner, is_model
from ..baselines.catalogue import load_learner
from ..baselines.device.choose import resolve_device, resolve_precision
from ..baselines.learner import BaselineError, Learner
from ..baselines.outputs import last_words
from ..baselines.weights.choice import WeightsChoice
from ..baselines.weights.load import load_weights
from .feature_file import NAME as FEATURE_FILE
from .preparing import with_batch_size
from .stored_model import FEATURES, load_stored

# Kinds of models that are not supported yet, and what a user can do meanwhile. A factory
# is a function of the user that returns a model.
_NOT_YET = {
    "timm": "a function of yours can create the timm model",
}
_WEIGHTS = "weights:"
_FACTORY = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")


@dataclass(frozen=True)
class Loading:
    """The user's choices for loading a model.

    device: "auto", "cpu" or "cuda"
    precision: "auto", "fp32" or "bf16"
    settings: texts `key=value`; each replaces a setting of the recipe in this evaluation
    name: the name in tables; None for the model's own name
    train_seed: the seed that trained the model of a factory; None to keep the seed in
        the model's card, which is 0 by default
    batch_size: the number of images in a forward pass of an encoder; None to choose it by
        the size of the images
    features: the member of an encoder's output that holds the features; None if the output
        is a tensor of features
    weights: what the user says about a file of weights that others trained
    image_shape: the shape (H, W, C) of the images to see, for a file of weights; None if
        unknown
    """

    device: str = "auto"
    precision: str = "fp32"
    settings: tuple[str, ...] = ()
    name: str | None = None
    train_seed: int | None = None
    batch_size: int | None = None
    features: str | None = None
    weights: WeightsChoice = field(default_factory=WeightsChoice)
    image_shape: tuple[int, int, int] | None = None


def load_model(what: str, loading: Loading) -> Learner:
    """Load the learner that `what` names.

    what: "centroid", the path of a checkpoint, the folder of a training run,
        weights:FILE for weights that others trained, features:FOLDER for stored features,
        or module:factory, where `factory` is a function that returns a model
    Raises BaselineError if there is no such learner, or if a value in `loading` cannot be
    used.
    """
    kind, colon, _ = what.partition(":")
    if colon and kind in _NOT_YET:
        raise BaselineError(
            f"{what}: models of the kind '{kind}:' are not supported yet, but "
            f"{_NOT_YET[kind]}. Name this function as module:factory, see "
            f"docs/evaluation.md"
        )
    if what.startswith(FEATURES):
        return load_stored(what, loading)
    if is_weights(what):
        learner = _from_weights(what.removeprefix(_WEIGHTS), loading)
    elif loading.weights != WeightsChoice():
        raise BaselineError(
            f"{what}: --backbone, --width, --head and --drop have an effect on "
            f"weights:FILE alone. Omit them{_as_weights(what)}"
        )
    elif _FACTORY.fullmatch(what) and not Path(what).exists():
        learner = _from_factory(what, loading)
    else:
        learner = _from_file(what, loading)
    if loading.name is not None:
        learner.card = replace(learner.card, name=loading.name)
    return with_batch_size(learner, loading.batch_size)


def is_weights(what: str) -> bool:
    """Return whether a user names a file of weights that others trained."""
    return what.startswith(_WEIGHTS)


def _as_weights(what: str) -> str:
    """Return the advice to name a file as weights; "" if there is no such file."""
    return f", or type weights:{what}" if Path(what).is_file() else ""


def _from_weights(path: str, loading: Loading) -> Learner:
    if loading.features is not None:
        raise BaselineError(
            f"--features {loading.features}: has no effect on weights:{path}, which is no "
            f"encoder from module:factory. Omit --features"
        )
    if loading.image_shape is None:
        raise BaselineError(
            f"weights:{path}: expected the shape of the images, got none. Name a protocol"
        )
    device = resolve_device(loading.device)
    precision = resolve_precision(loading.precision, device)
    learner = load_weights(
        Path(path),
        loading.image_shape,
        loading.weights,
        device,
        precision,
        loading.settings,
    )
    if loading.train_seed is not None:
        learner.card = replace(learner.card, train_seed=loading.train_seed)
    return learner


def _from_file(what: str, loading: Loading) -> Learner:
    if loading.train_seed is not None:
        raise BaselineError(
            f"--train-seed {loading.train_seed}: the training seed of {what} is known "
            f"already. Leave out --train-seed"
        )
    if loading.features is not None:
        raise BaselineError(
            f"--features {loading.features}: has no effect on {what}, which is no encoder "
            f"from module:factory. Omit --features"
        )
    if (Path(what) / FEATURE_FILE).is_file():
        raise BaselineError(
            f"{what}: expected a model, got a folder of stored features. Name them so: "
            f"{FEATURES}{what}"
        )
    device = resolve_device(loading.device)
    precision = resolve_precision(loading.precision, device)
    return load_learner(what, device, precision, loading.settings)


def _from_factory(what: str, loading: Loading) -> Learner:
    if loading.settings:
        raise BaselineError(
            f"--set {loading.settings[0]}: has no effect on {what}, which has no recipe. "
            f"Leave out --set"
        )
    module_name, _, factory_name = what.partition(":")
    factory = _imported(what)
    if is_model(factory):
        model = factory
    else:
        factory = _function(what, factory)
        _refuse_arguments(what, factory)
        try:
            model = factory()
        except Exception as error:
            raise BaselineError(
                f"{what}: failed: {last_words(error)}. Try it alone: python -c 'import "
                f"{module_name}; {module_name}.{factory_name}()'"
            ) from error
    device = resolve_device(loading.device)
    learner = as_learner(model, device=device, features=loading.features)
    if loading.train_seed is not None:
        learner.card = replace(learner.card, train_seed=loading.train_seed)
    return learner


def import_function(what: str) -> Callable[..., object]:
    """Import a function that a user names as module:function.

    Raises BaselineError if the module or the function is missing.
    """
    return _function(what, _imported(what))


def _imported(what: str) -> object:
    """Import what a user names as module:name; return None if the module lacks it."""
    if not _FACTORY.fullmatch(what):
        raise BaselineError(
            f"{what}: expected module:function, such as my_model:prepare, got no such name"
        )
    module_name, _, name = what.partition(":")
    # A file in the working folder is then found, as with `python -m`.
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    if module_name.endswith(".py"):
        short = module_name.removesuffix(".py")
        raise BaselineError(
            f"{what}: expected a module, got the name of a file. Leave out .py: "
            f"{short}:{name}"
        )
    try:
        module = importlib.import_module(module_name)
    except Exception as error:
        raise BaselineError(
            f"{what}: cannot import {module_name}: {last_words(error)}. Run the command in "
            f"the folder of {module_name.partition('.')[0]}.py, or install that package"
        ) from error
    return getattr(module, name, None)


def _function(what: str, value: object) -> Callable[..., object]:
    """Return what was imported, if it is a function."""
    module_name, _, name = what.partition(":")
    if not callable(value):
        raise BaselineError(
            f"{what}: {module_name} has no function {name}: expected the name of a "
            f"function in {module_name}. Define it: def {name}(...):"
        )
    return value


def _refuse_arguments(what: str, factory: Callable[..., object]) -> None:
    for parameter in inspect.signature(factory).parameters.values():
        is_variable = parameter.kind in (
            parameter.VAR_POSITIONAL,
            parameter.VAR_KEYWORD,
        )
        if parameter.default is parameter.empty and not is_variable:
            raise BaselineError(
                f"{what}: expected a function that takes no argument and returns a model, "
                f"got a function that needs '{parameter.name}'. Write a function that calls "
                f"it: def make(): return {factory.__name__}({parameter.name}=...)"
            )
