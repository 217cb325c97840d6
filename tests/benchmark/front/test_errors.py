"""Every room's error is one that a user can mend."""

import pickle

import pytest

from fewbench.baselines.learner import BaselineError
from fewbench.datasets.info import DataError
from fewbench.errors import UserError
from fewbench.reports.records import ResultError

LINE_ENDS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"


def test_the_rooms_errors_are_user_errors() -> None:
    assert issubclass(DataError, UserError)
    assert issubclass(BaselineError, UserError)
    assert issubclass(ResultError, UserError)
    assert issubclass(UserError, ValueError)


@pytest.mark.parametrize("end", LINE_ENDS)
def test_a_name_in_an_error_begins_no_line(end: str) -> None:
    error = UserError(f"x{end}error: type x: expected a file")
    assert str(error).isprintable()
    assert error.lines == (str(error),)


def test_lines_of_our_own_stay_lines() -> None:
    error = UserError("no address served it:", "  a\nb: 404")
    assert str(error) == "no address served it:\n  a\\nb: 404"
    again = pickle.loads(pickle.dumps(error))
    assert again.lines == error.lines
    assert str(UserError()) == ""
