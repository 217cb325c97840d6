"""Read what a check calls a failure, such as "drop:0.5%", from an option."""

from typing import NamedTuple

from fewbench.errors import UserError

from .percentages import fraction
from .verdict import Fail


class FailChoice(NamedTuple):
    """The fields `fail` and `drop` of `Rules`."""

    fail: Fail
    drop: float


def parse_fail(option: str, text: str | None) -> FailChoice:
    """Read "significant", "identical" or "drop:0.5%"; None means the automatic rule.

    option: the name of the option, for the error
    Raises UserError if the text is something else, or if the drop is no percentage.
    """
    if text is None:
        return FailChoice("auto", 0.0)
    if text == "significant":
        return FailChoice("significant", 0.0)
    if text == "identical":
        return FailChoice("identical", 0.0)
    kind, colon, drop = text.partition(":")
    if kind == "drop" and colon:
        return FailChoice("drop", fraction(drop, f"{option}=drop"))
    raise UserError(
        f"{option} {text:.40}: expected significant, identical or a drop such as "
        f"drop:0.5%, got something else. Type for example {option}=drop:0.5%"
    )
