from dataclasses import replace

import numpy as np
import pytest

from fewbench.baselines.evaluation.answers import Answers
from fewbench.baselines.learner import BaselineError


def test_the_answers_to_all_ranges_are_joined_in_order() -> None:
    tally = np.ones((100, 3))
    first = Answers(np.zeros((2, 4), np.uint8), {"embed": 1.0, "classify": 2.0}, tally)
    second = Answers(np.ones((1, 4), np.uint8), {"classify": 0.5}, 2 * tally, start=2)

    joined = Answers.joined([second, first])

    assert joined.predictions[:, 0].tolist() == [0, 0, 1]
    assert (joined.start, joined.end) == (0, 3)
    assert joined.seconds == {"embed": 1.0, "classify": 2.5}
    assert joined.calibration is not None
    assert joined.calibration.min() == joined.calibration.max() == 3
    for ranges in ([second, first, second], [replace(second, start=3), first]):
        with pytest.raises(BaselineError, match="expected a range that starts at"):
            Answers.joined(ranges)
