"""Every command that a message names exists, and so do its options."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import typer

import fewbench
from fewbench.benchmark.cli.app import app

HERE = Path(fewbench.__file__).parent
ROOMS = [HERE / room for room in ("benchmark", "baselines", "datasets", "reports")]
COMMAND = re.compile(r"\bfewbench [a-z]")
# What follows a command in a sentence, and is no part of it.
END = re.compile(r"; |\. |\n|`|, (?!\{)|\)|:(?= )|$")
OPTION = re.compile(r"--[a-z][a-z-]*")
# Verbs of sentences that say what fewbench does.
PROSE = ("did", "has")
VALUE = "VALUE"


def texts(path: Path) -> Iterator[str]:
    """The texts of a module, with a word in place of every value."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            inside.update(map(id, node.values))
            parts = []
            for part in node.values:
                is_text = isinstance(part, ast.Constant)
                parts.append(str(part.value) if is_text else VALUE)
            yield "".join(parts)
        elif isinstance(node, ast.Constant) and id(node) not in inside:
            yield str(node.value)


def advised() -> dict[str, str]:
    """The commands that messages name, and the module of one such message."""
    found = {}
    for room in ROOMS:
        for path in room.rglob("*.py"):
            for text in texts(path):
                for match in COMMAND.finditer(text):
                    end = END.search(text, match.start())
                    assert end
                    command = text[match.start() : end.start()]
                    is_marked = text[: match.start()].endswith((": ", "`", "| "))
                    is_prose = command.split()[1].strip(".") in PROSE
                    if not is_prose and (is_marked or " --" in command):
                        found[command] = path.name
    return found


def wrong_word(text: str) -> str:
    """The word of a command that is no command and no option of it; "" if none is."""
    command: click.Command = typer.main.get_command(app)  # pyright: ignore[reportAssignmentType]
    words = text.split()[1:]
    while words and isinstance(getattr(command, "commands", None), dict):
        children: dict[str, click.Command] = command.commands  # pyright: ignore[reportAttributeAccessIssue]
        name = words.pop(0)
        if name.startswith("-") or name in (VALUE, "..."):
            break
        if name not in children:
            return name
        command = children[name]
    known = {"--help", "-h", "--version", "--root"}
    for parameter in command.params:
        known.update([*parameter.opts, *parameter.secondary_opts])
    for word in words:
        option = OPTION.match(word)
        if option and option[0] not in known:
            return word
    return ""


def test_every_advised_command_exists_with_its_options() -> None:
    commands = advised()
    assert len(commands) > 50
    wrong = {}
    for text, module in commands.items():
        if word := wrong_word(text):
            wrong[text] = f"{word} in {module}"
    assert wrong == {}


def test_a_wrong_command_is_noticed() -> None:
    assert wrong_word("fewbench data bulid omniglot") == "bulid"
    assert wrong_word("fewbench data build omniglot --sauce X") == "--sauce"
    assert wrong_word("fewbench data build omniglot --source X") == ""
