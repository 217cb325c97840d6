"""Complete the commands that messages advise with what the user typed."""

import re
import shlex
from collections.abc import Sequence

# The commands with --root that messages advise. The option follows the command's name,
# since nothing marks in a sentence where a command ends.
_COMMAND = re.compile(
    r"fewbench (?:data (?:add|audit|build|convert|info|list|show|verify)|embed|evaluate|"
    r"grid (?:merge|run|status)|probe|protocol (?:export|list|show)|reproduce|train|verify)"
    r"(?=[ \n.;,]|$)"
)
_NEXT = re.compile(r"\n|; |fewbench ")


def with_root(text: str, arguments: Sequence[str]) -> str:
    """Return a message whose commands use the same --root as the user's command.

    arguments: those of the user's command
    """
    root = _root(arguments)
    if root is None:
        return text
    option = f" --root {shlex.quote(root)}"

    def complete(match: re.Match[str]) -> str:
        rest = _NEXT.split(text[match.end() :], maxsplit=1)[0]
        return match[0] if "--root" in rest else match[0] + option

    return _COMMAND.sub(complete, text)


def _root(arguments: Sequence[str]) -> str | None:
    for index, argument in enumerate(arguments):
        name, equals, value = argument.partition("=")
        if name != "--root":
            continue
        return value if equals else "".join(arguments[index + 1 : index + 2]) or None
    return None
