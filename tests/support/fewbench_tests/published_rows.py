"""Published numbers, and results that may stand beside them."""

from collections.abc import Callable

from fewbench.benchmark.published_numbers import published_numbers
from fewbench.reports.published import PublishedNumber
from fewbench.reports.records import RunResult


def find(**fields: object) -> list[PublishedNumber]:
    """The published numbers with these fields."""
    return [
        one
        for one in published_numbers()
        if all(getattr(one, name) == value for name, value in fields.items())
    ]


def omniglot(
    make_result: Callable[..., RunResult], accuracy: float = 0.988, **changes: object
) -> RunResult:
    """A result on Omniglot, as the published numbers are."""
    card = {"name": "omniglot-5w1s", "dataset": "omniglot", "n_episodes": 2000}
    return make_result(accuracy, 1, **(card | changes))
