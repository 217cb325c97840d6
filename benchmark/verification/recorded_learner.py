"""Load the learner of a result, with the settings that the result records."""

from collections.abc import Sequence
from dataclasses import replace

from fewbench.documents import shown

from ...baselines.learner import BaselineError, Learner, LearnerCard
from ...baselines.weights.choice import WeightsChoice
from ...reports.records import RunResult
from ..models import Loading, is_weights, load_model

_MOST_DIGITS = 9  # of the width of a network


def load_for_result(
    what: str,
    result: RunResult,
    settings: Sequence[str] = (),
    features: str | None = None,
) -> Learner:
    """Load a learner with the precision that a result records.

    what: as in `load_model`
    settings: from `settings_at_test`
    features: as in `Loading`
    Raises BaselineError if it cannot be loaded, or if an evaluation cannot change one of
    the settings.
    """
    precision = result.precision
    if precision not in ("fp32", "bf16"):
        precision = "fp32"
    loading = Loading(precision=precision, settings=tuple(settings), features=features)
    if is_weights(what):
        loading = _for_weights(result, loading)
    return load_model(what, loading)


def load_with_settings(
    what: str,
    result: RunResult,
    features: str | None = None,
) -> tuple[Learner, BaselineError | None]:
    """Load a learner with all settings that a result records.

    what, features: as in `load_for_result`
    Return the error instead of the settings if an evaluation cannot change one of them.
    Raises BaselineError if the learner cannot be loaded.
    """
    learner = load_for_result(what, result, features=features)
    settings = settings_at_test(result, learner.card)
    if not settings:
        return learner, None
    try:
        return load_for_result(what, result, settings, features), None
    except BaselineError as error:
        return learner, error


def _for_weights(result: RunResult, loading: Loading) -> Loading:
    """Add what a result records about weights that others trained."""
    recipe = result.recipe
    backbone, _, digits = result.backbone.rpartition("-")
    is_width = digits.isdecimal() and len(digits) <= _MOST_DIGITS
    width = int(digits) if is_width else None
    drop = str(recipe.get("weights_dropped") or "").split()
    choice = WeightsChoice(backbone, width, str(recipe.get("learner")), tuple(drop))
    kept = {
        key: value for key, value in recipe.items() if not key.startswith("weights_")
    }
    settings = [f"{key}={value}" for key, value in kept.items() if key != "learner"]
    pixels = result.pixels
    shape = None
    if pixels is not None:
        shape = (pixels.height, pixels.width, pixels.channels)
    return replace(
        loading,
        settings=(*settings, *loading.settings),
        weights=choice,
        image_shape=shape,
    )


def settings_at_test(result: RunResult, card: LearnerCard) -> list[str]:
    """Return the settings of a result's recipe that its checkpoint does not have.

    They are texts `key=value`, as an evaluation gets them.
    """
    settings = []
    for key, value in result.recipe.items():
        own = card.recipe.get(key, value)
        if own != value and not key.startswith("trained_"):
            settings.append(f"{key}={str(value).lower()}")
    return settings


def load_same_checkpoint(what: str, result: RunResult) -> Learner:
    """Load a learner with all settings that a result records.

    Raises BaselineError if it cannot be loaded, if an evaluation cannot change one of the
    settings, or if its checkpoint is not that of the result: the file may have been
    replaced since it was hashed.
    """
    learner, refused = load_with_settings(what, result)
    if refused is not None:
        raise refused
    wanted = result.checkpoint_sha256
    got = learner.card.checkpoint_sha256
    if wanted is not None and wanted != got:
        raise BaselineError(
            f"its checkpoint changed while it was read: expected sha256 {wanted:.16}, got "
            f"{shown(got, 16)}. Type the same command again"
        )
    return learner
