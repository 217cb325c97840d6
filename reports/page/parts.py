"""The parts of HTML pages: templates that escape all texts, style sheets and scripts."""

from functools import cache, partial
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from fewbench.documents import printable


@cache
def environment(package: str) -> Environment:
    """Return the jinja environment of the templates in a package.

    Its templates escape the markup in all texts, and show characters that cannot be
    printed by their codes.
    package: the dotted name of the package, such as "fewbench.reports.page"
    """
    return Environment(
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=FunctionLoader(partial(part, package)),
    )


@cache
def part(package: str, file_name: str) -> Markup:
    """Return the text of a file in a package, which templates do not escape."""
    text = files(package).joinpath(file_name).read_text(encoding="utf-8")
    return Markup(text)


def _finalize(value: object) -> object:
    """Escape the characters of a text that cannot be printed. Jinja escapes the markup."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return printable(value, keep="\n\t")
    return value
