"""Say how to go on after a signal has ended a command."""

import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from fewbench.signals import Interrupted


@contextmanager
def going_on(option: str = "") -> Iterator[None]:
    """Say how to go on if a signal ends the `with` block.

    option: what the command needs to go on, such as "--resume"; "" if it needs nothing
    """
    try:
        yield
    except KeyboardInterrupt as error:
        interrupted = Interrupted.of(error)
        interrupted.advice = "To go on, type the same command"
        if option:
            command = command_with(option, sys.argv[1:])
            interrupted.advice = f"To go on, type: {command}"
        raise interrupted from None


def command_with(option: str, arguments: Sequence[str]) -> str:
    """Return a `fewbench` command with an option that it may have already.

    arguments: the arguments of the command
    """
    words = ["fewbench", *arguments]
    if option not in arguments:
        words.append(option)
    return shlex.join(words)
