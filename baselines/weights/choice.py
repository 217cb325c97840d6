"""What the user says about a file of weights: its network, width and head."""

from dataclasses import dataclass, replace

from ...datasets.lookup import pick
from ..backbones import BACKBONES
from ..learner import BaselineError

HEADS = ("protonet", "maml")
_WIDTH = 64


@dataclass(frozen=True)
class WeightsChoice:
    """What the user says about a file of weights.

    backbone: the name of the network, such as "conv4"; None for a file that fewbench knows
    width: the width of the network; None for 64, or for the width of a known file
    head: "protonet" for the nearest class mean, "maml" for MAML with these weights at its
        start; None for "protonet", or for the head of a known file
    drop: the starts of names of tensors to leave out, such as ("fc",)
    """

    backbone: str | None = None
    width: int | None = None
    head: str | None = None
    drop: tuple[str, ...] = ()


def settled(
    choice: WeightsChoice,
    file_name: str,
    known: WeightsChoice | None = None,
) -> WeightsChoice:
    """Fill in what is known about a file, and the defaults.

    known: the choice of a file that fewbench knows; None for any other file
    Raises BaselineError or DataError if the backbone is missing or unknown, if the head is
    unknown, or if the choice contradicts what is known.
    """
    if known is not None:
        return _known_choice(choice, file_name, known)
    if choice.backbone is None:
        raise BaselineError(
            f"weights:{file_name}: expected the name of its network, got none. Add "
            f"for example --backbone conv4; known: {', '.join(BACKBONES)}"
        )
    pick("backbone", choice.backbone, BACKBONES)
    head = choice.head or "protonet"
    if head not in HEADS:
        raise BaselineError(
            f"--head {head}: expected one of {', '.join(HEADS)}. Type for example --head "
            f"protonet"
        )
    width = _WIDTH if choice.width is None else choice.width
    return replace(choice, head=head, width=width)


def _known_choice(
    choice: WeightsChoice,
    file_name: str,
    known: WeightsChoice,
) -> WeightsChoice:
    for option in ("backbone", "width", "head"):
        chosen = getattr(choice, option)
        own = getattr(known, option)
        if chosen not in (None, own):
            raise BaselineError(
                f"--{option} {chosen}: {file_name} is the checkpoint that Finn et al. "
                f"released: expected {own}, got {chosen}. Omit --{option}"
            )
    return replace(known, drop=choice.drop)
