"""Say how far rounding alone may move scores and features."""

from ..learner import Learner

# The largest change by rounding, as a fraction of the spread of scores or features. The
# number of images in a batch changes the rounding. Half-precision numbers have 8 (bf16)
# or 11 (fp16) binary digits.
_TOLERANCES = {"fp16": 2e-2, "bf16": 1e-1}
_OTHERS = 1e-3
# A GPU multiplies float32 with 11 binary digits (TF32), unless it is told not to.
_ON_GPU = 1e-2


def tolerance_of(learner: Learner) -> float:
    """Return the change that counts as rounding for this learner, relative to the spread."""
    card = learner.card
    lowest = _OTHERS if card.device in ("cpu", "other") else _ON_GPU
    return max(lowest, _TOLERANCES.get(card.precision, 0.0))
