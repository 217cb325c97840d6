"""The learners that can be trained, under their names in recipes."""

from fewbench.documents import shown

from ..datasets.lookup import pick
from .gradient.maml import MAML
from .learner import BaselineError
from .libraries import LIBRARIES
from .metric.protonet import ProtoNet
from .metric.protonet_learn2learn import Learn2LearnProtoNet
from .own_code import imported, is_own, look_in_working_folder
from .trained_learner import TrainedLearner

BASELINES: dict[str, type[TrainedLearner]] = {
    "protonet": ProtoNet,
    "maml": MAML,
    "fomaml": MAML,
    "anil": MAML,
}

# Learners with another class on another backend: (learner, backend) -> class.
BASELINES_ON_BACKENDS: dict[tuple[str, str], type[TrainedLearner]] = {
    ("protonet", "learn2learn"): Learn2LearnProtoNet,
}

# Backend -> the learners that it can run.
BACKENDS: dict[str, tuple[str, ...]] = {"native": tuple(BASELINES), **LIBRARIES}


def learner_class(name: str, *, search_here: bool = True) -> type[TrainedLearner]:
    """Return the class of a learner.

    name: a learner in BASELINES, or "module:Class" for a class of the user
    search_here: whether the module may be a file in the working folder
    Raises BaselineError if there is no such learner.
    """
    if is_own(name):
        if search_here:
            look_in_working_folder()
        return _own_class(name)
    try:
        return pick("learner", name, BASELINES)
    except ValueError as error:
        raise BaselineError(
            f"recipe: {error} Correct the line 'learner = ...' of the recipe, or name a "
            f'class of your own: learner = "module:Class"'
        ) from None


def class_on_backend(name: str, backend: str) -> type[TrainedLearner]:
    """Return the class of a learner on a backend.

    Raises BaselineError if there is no such learner, or if the backend cannot run it.
    """
    # The recipe was read before, so the module is known, or on the path.
    default = learner_class(name, search_here=False)
    if backend == "native":
        return default
    able = [other for other, learners in BACKENDS.items() if name in learners]
    if backend not in able:
        raise BaselineError(
            f"--backend {backend}: cannot run {name}: expected one of "
            f"{', '.join(able) or 'native'}. Use --backend native"
        )
    return BASELINES_ON_BACKENDS.get((name, backend), default)


def _own_class(name: str) -> type[TrainedLearner]:
    module_name, _, class_name = name.partition(":")
    found = imported(name)
    if not isinstance(found, type) or not issubclass(found, TrainedLearner):
        raise BaselineError(
            f"{shown(name, 200)}: expected a subclass of TrainedLearner called "
            f"{shown(class_name)} in {shown(module_name)}, got {type(found).__name__}. "
            f"See CONTRIBUTING.md"
        )
    return found
