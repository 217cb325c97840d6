"""The settings of MAML, FOMAML and ANIL in a recipe."""

import itertools
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from ..config import MOST_INNER_STEPS, OWN, Count, CountOrZero, Positive
from .inner_loop import Statistics

InnerSteps = Annotated[int, Field(ge=1, le=MOST_INNER_STEPS)]


@dataclass(frozen=True, config=OWN)
class MAMLSettings:
    """The settings of MAML, FOMAML and ANIL in a recipe.

    Their inner loop is gradient descent on the mean cross-entropy.
    """

    inner_lr: Positive = 0.1
    inner_steps: InnerSteps = 1
    # The two values for evaluations; None: the same as in training.
    test_inner_lr: Positive | None = None
    test_inner_steps: InnerSteps | None = None
    # Before this training step, only first-order derivatives are used (MAML++).
    first_order_steps: CountOrZero = 0
    # Before this training step, the loss after every inner step counts (MAML++).
    multi_step_loss_steps: CountOrZero = 0
    # The images from which batch norm takes its statistics at test.
    statistics: Statistics = "query"
    # The number of tasks that are held in memory at once.
    tasks_per_chunk: Count | Literal["auto"] = "auto"


def step_weights(settings: MAMLSettings, step: int) -> tuple[float, ...] | None:
    """Return the weight of the query loss after each inner step, for one training step.

    In the first training step, all weights are equal. They change linearly with the
    training step. Return None when only the loss after the last inner step counts.
    Source: Antoniou et al. 2019, section 4. The authors change the weights once an epoch,
    and keep small weights for the earlier losses.
    """
    if step >= settings.multi_step_loss_steps:
        return None
    remaining = 1 - step / settings.multi_step_loss_steps
    share = remaining / settings.inner_steps
    n_earlier = settings.inner_steps - 1
    earlier = itertools.repeat(share, n_earlier)
    return (*earlier, 1 - share * n_earlier)
