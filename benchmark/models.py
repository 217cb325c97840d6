"""Load the model that a user names on the command line."""

import importlib
import inspect
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from ..baselines.any_model import as_learner
from ..baselines.catalogue import load_learner
from ..baselines.device.choose import resolve_device, resolve_precision
from ..baselines.learner import BaselineError, Learner
from ..baselines.outputs import last_words

# Kinds of models that cannot be named yet, and what a user can do meanwhile.
_NOT_YET = {
    "weights": "a factory can load them",
    "features": "a factory can return a function that looks them up",
    "timm": "a factory can create the timm model",
}
_FACTORY = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")


@dataclass(frozen=True)
class Loading:
    """The choices of a user about a model.

    device: "auto", "cpu" or "cuda"
    precision: "auto", "fp32" or "bf16"
    settings: texts `key=value`; each replaces a setting of the recipe for the test
    name: the name of the model in tables; None for its own name
    train_seed: the seed that trained a model from a factory; None for 0
    features: the member of an encoder's output that holds the features; None if the output
        is a tensor of features
    """

    device: str = "auto"
    precision: str = "fp32"
    settings: tuple[str, ...] = ()
    name: str | None = None
    train_seed: int | None = None
    features: str | None = None


def load_model(what: str, loading: Loading) -> Learner:
    """Load the learner that `what` names.

    what: "centroid", the path of a checkpoint or of a training run's folder, or
        module:factory
    Raises BaselineError if there is no such learner, or if a choice cannot be used.
    """
    kind, colon, _ = what.partition(":")
    if colon and kind in _NOT_YET:
        raise BaselineError(
            f"{what}: models of the kind '{kind}:' are not supported yet, but "
            f"{_NOT_YET[kind]}. Use module:factory, see docs/evaluation.md"
        )
    if _FACTORY.fullmatch(what) and not Path(what).exists():
        learner = _from_factory(what, loading)
    else:
        learner = _from_file(what, loading)
    if loading.name is not None:
        learner.card = replace(learner.card, name=loading.name)
    return learner


def _from_file(what: str, loading: Loading) -> Learner:
    if loading.train_seed is not None:
        raise BaselineError(
            f"--train-seed {loading.train_seed}: the training seed of {what} is known "
            f"already. Omit --train-seed"
        )
    if loading.features is not None:
        raise BaselineError(
            f"--features {loading.features}: has no effect on {what}, which is no encoder "
            f"from module:factory. Omit --features"
        )
    device = resolve_device(loading.device)
    precision = resolve_precision(loading.precision, device)
    return load_learner(what, device, precision, loading.settings)


def _from_factory(what: str, loading: Loading) -> Learner:
    if loading.settings:
        raise BaselineError(
            f"--set {loading.settings[0]}: has no effect on {what}, which has no recipe. "
            f"Omit it"
        )
    module_name, _, factory_name = what.partition(":")
    factory = _find_factory(what, module_name, factory_name)
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


def _find_factory(
    what: str, module_name: str, factory_name: str
) -> Callable[[], object]:
    # A file in the working folder is then found, as with `python -m`.
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        module = importlib.import_module(module_name)
    except Exception as error:
        raise BaselineError(
            f"{what}: cannot import {module_name}: {last_words(error)}. Run the command in "
            f"the folder of {module_name.partition('.')[0]}.py, or install that package"
        ) from error
    factory = getattr(module, factory_name, None)
    if not callable(factory):
        raise BaselineError(
            f"{what}: {module_name} has no function {factory_name}: expected a function "
            f"that takes no argument and returns a model"
        )
    _refuse_arguments(what, factory)
    return factory


def _refuse_arguments(what: str, factory: Callable[..., object]) -> None:
    for parameter in inspect.signature(factory).parameters.values():
        is_variable = parameter.kind in (
            parameter.VAR_POSITIONAL,
            parameter.VAR_KEYWORD,
        )
        if parameter.default is parameter.empty and not is_variable:
            raise BaselineError(
                f"{what}: expected a function that takes no argument and returns a model, "
                f"got one that needs '{parameter.name}'. Write another: def make(): return "
                f"{factory.__name__}"
            )
