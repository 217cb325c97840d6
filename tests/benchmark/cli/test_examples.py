"""A user who left an argument out learns what to type."""

import pytest
from typer.main import get_command

from fewbench.benchmark.cli.app import app
from fewbench.benchmark.cli.examples import EXAMPLES


def commands_with_arguments() -> list[str]:
    """The commands that need an argument or an option, such as "data build"."""
    found: list[str] = []
    waiting = [("", get_command(app))]
    for name, command in waiting:
        for own, below in getattr(command, "commands", {}).items():
            waiting.append((f"{name} {own}".strip(), below))
        if any(parameter.required for parameter in command.params):
            found.append(name)
    return found


def test_each_command_that_needs_arguments_has_an_example() -> None:
    needing = {f"fewbench {name}" for name in commands_with_arguments()}
    assert set(EXAMPLES) == needing


@pytest.mark.parametrize("name", commands_with_arguments())
def test_a_missing_argument_is_answered_with_a_command_that_can_be_typed(
    run, name: str
) -> None:
    done = run(*name.split(), code=2)
    example = EXAMPLES[f"fewbench {name}"]
    assert f"Type for example: {example}. See: fewbench {name} --help" in done.stderr
    command = get_command(app)
    words = example.split()[1:]
    while below := getattr(command, "commands", {}):
        command = below[words.pop(0)]
    command.make_context(name, words)  # raises a usage error if words do not fit
