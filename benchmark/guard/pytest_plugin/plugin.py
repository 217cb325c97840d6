"""The pytest plugin of the guard: its options, its marker, its fixture and its hooks.

pytest imports this module in every run of every project where fewbench is installed. So
it imports nothing slow, and it does nothing for tests that do not use it.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from .concerned import MARKER, OUTPUT, RECORDS, is_check
from .option_table import OPTIONS

if TYPE_CHECKING:
    from .fixture import Accuracy
    from .guarding import Guard

# The name of the guard among the plugins of a run.
GUARD = "fewbench-guard"

_MARKER_HELP = (
    "accuracy(tier='quick', margin='0.5%', alpha='5%'): how fewbench checks the accuracy "
    "in this test. tier='nightly' runs it with --accuracy-tier=nightly alone."
)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("fewbench", "accuracy of few-shot classifiers (fewbench)")
    for name, settings in OPTIONS.items():
        group.addoption(f"--accuracy-{name}", dest=f"accuracy_{name}", **settings)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker. Check the options, if any was given."""
    is_own = _has_own_marker(config)
    if not is_own:
        config.addinivalue_line("markers", _MARKER_HELP)
    config.pluginmanager.register(_Reports(config, is_own))
    if any(getattr(config.option, f"accuracy_{name}") for name in OPTIONS):
        guard_of(config)


@pytest.fixture
def fewbench_accuracy(request: pytest.FixtureRequest) -> "Accuracy":
    """Check the accuracy of a few-shot classifier against an accepted reference.

    The fixture of a test that has another fixture called `accuracy`.
    """
    from .fixture import Accuracy

    guard = guard_of(request.config)
    guard.asked_by(request.node)
    return Accuracy(guard, request.node)


@pytest.fixture
def accuracy(fewbench_accuracy: "Accuracy") -> "Accuracy":
    """Check the accuracy of a few-shot classifier against an accepted reference.

    accuracy(model, "glyphs-5w1s") checks a model that is the same as the reference's.
    accuracy.retrained(make, "glyphs-5w1s") trains anew: make(seed) returns a model.
    """
    return fewbench_accuracy


def guard_of(config: pytest.Config) -> "Guard":
    """Return the guard of this run of pytest, which is made when it is first needed.

    Raises pytest.UsageError if an option of the guard is wrong.
    """
    guard = config.pluginmanager.get_plugin(GUARD)
    if guard is None:
        from .guarding import make_guard

        guard = make_guard(config)
        config.pluginmanager.register(guard, GUARD)
    return guard


def _has_own_marker(config: pytest.Config) -> bool:
    """Return whether the project itself registers a marker of the same name."""
    lines = config.getini("markers")
    return any(line.partition("(")[0].partition(":")[0] == MARKER for line in lines)


class _Reports:
    """The hooks that look at all tests and all reports of a run.

    has_own_marker: whether the project has a marker `accuracy` of its own. Its tests are
        then left alone unless they use the fixture.
    """

    def __init__(self, config: pytest.Config, has_own_marker: bool) -> None:
        self._config = config
        self._has_own_marker = has_own_marker

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Tell the guard about its tests, before other plugins leave out some."""
        found = list(self._concerned(items))
        if found:
            guard_of(self._config).collect(found)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        """Let a test fail that measured nothing, however it asked for the fixture.

        The guard may be made while the test runs, too late for a hook of its own.
        """
        yield
        guard: Guard | None = self._config.pluginmanager.get_plugin(GUARD)
        if guard is not None:
            guard.check_measured(item)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Pass the report of a test to the guard, also from other processes."""
        records = getattr(report, RECORDS, None)
        if records is not None:
            guard_of(self._config).add_report(report, records)

    @pytest.hookimpl(optionalhook=True)
    def pytest_handlecrashitem(self, crashitem: str) -> None:
        """Remember the test in which a worker of pytest-xdist died."""
        guard_of(self._config).outcomes.crashed.append(crashitem)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over what a worker of pytest-xdist collected, which is the same in all."""
        output = getattr(node, "workeroutput", {}).get(OUTPUT)
        if output:
            guard_of(self._config).take_over(output)

    def pytest_report_teststatus(
        self, report: pytest.TestReport
    ) -> tuple[str, str, str] | None:
        """Count a check that could not be made as an error, and not as a failure."""
        if getattr(report, "accuracy_error", False):
            return "error", "E", "ERROR"
        return None

    def _concerned(self, items: list[pytest.Item]) -> Iterator[pytest.Item]:
        for item in items:
            if is_check(item) or (
                not self._has_own_marker and item.get_closest_marker(MARKER)
            ):
                yield item
