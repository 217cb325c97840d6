"""Decide when a training run is saved between two validations."""

import time
from collections.abc import Callable

# A killed run loses at most the work of so many seconds, and one step.
SECONDS_BETWEEN_SAVES = 180.0
# Saving may take 1 % of the time. On a slow disk, the run is saved less often.
_LARGEST_SHARE = 0.01


class SaveTimes:
    """The times at which a training run was saved.

    clock: returns the time in seconds
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._saved_at = clock()
        self._seconds_of_save = 0.0

    def is_due(self, coming: float = 0.0) -> bool:
        """Return whether the run should be saved now.

        coming: the seconds of the work that comes next and cannot be saved in parts
        """
        interval = max(SECONDS_BETWEEN_SAVES, self._seconds_of_save / _LARGEST_SHARE)
        return self._clock() + coming - self._saved_at >= interval

    def measure(self, save: Callable[[], None]) -> None:
        """Save the run by calling `save`, and note the time and the duration."""
        started = self._clock()
        save()
        self._saved_at = self._clock()
        self._seconds_of_save = self._saved_at - started
