"""A test file counts as complete only if nothing of it was left out."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from fewbench.benchmark.guard.pytest_plugin.collected import whole_files

HERE = Path("/project")


def config(*args: str, **options: bool) -> Any:
    return SimpleNamespace(
        args=args,
        option=SimpleNamespace(**options),
        invocation_params=SimpleNamespace(dir=HERE),
    )


class Item:
    def __init__(self, name: str) -> None:
        self.path = HERE / name


def test_all_tests_of_a_file() -> None:
    items: Any = [Item("a.py"), Item("a.py"), Item("b.py")]

    assert whole_files(items, items, config("tests")) == [
        "/project/a.py",
        "/project/b.py",
    ]


def test_a_file_with_a_test_left_out() -> None:
    items: Any = [Item("a.py"), Item("a.py"), Item("b.py")]

    assert whole_files(items, items[1:], config("tests")) == ["/project/b.py"]


def test_a_file_of_which_the_command_names_a_test() -> None:
    items: Any = [Item("a.py"), Item("b.py")]

    assert whole_files(items, items, config("a.py::test_x")) == ["/project/b.py"]


def test_the_last_failed_tests_alone() -> None:
    items: Any = [Item("a.py")]

    assert whole_files(items, items, config("a.py", lf=True)) == []
