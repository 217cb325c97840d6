"""Every room's error is one that a user can mend."""

from fewbench.baselines.learner import BaselineError
from fewbench.datasets.info import DataError
from fewbench.errors import UserError
from fewbench.reports.records import ResultError


def test_the_rooms_errors_are_user_errors() -> None:
    assert issubclass(DataError, UserError)
    assert issubclass(BaselineError, UserError)
    assert issubclass(ResultError, UserError)
    assert issubclass(UserError, ValueError)
