"""Templates escape every text, and the parts of a page are not escaped."""

import pytest
from jinja2 import UndefinedError

from fewbench.reports.page.parts import environment, part

PACKAGE = "fewbench.reports.page"


def test_texts_are_escaped_and_made_visible() -> None:
    template = environment(PACKAGE).from_string("{{ text }}")

    assert template.render(text="<b>\x1b\u202e\t") == "&lt;b&gt;\\x1b\\u202e\t"


def test_a_value_that_is_missing_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        environment(PACKAGE).from_string("{{ text }}").render()


def test_a_part_is_the_text_of_its_file() -> None:
    style = part(PACKAGE, "page.css")

    assert environment(PACKAGE).from_string("{{ part }}").render(part=style) == style
    assert style.startswith(":root")
