"""Options that prepare the images for a model."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ...baselines.preparation import Preparation


def numbers(text: str) -> tuple[float, ...]:
    """Return the numbers in a text such as "0.485,0.456,0.406".

    Raises typer.BadParameter if a part is not a number.
    """
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise typer.BadParameter(
            f"expected one number, or three numbers with commas, got {text!r:.60}. Type "
            f"for example 0.485,0.456,0.406"
        ) from None


Size = Annotated[
    int | None,
    typer.Option(
        help="Resize the images to this number of pixels in height and width, e.g. 224."
    ),
]
Transform = Annotated[
    str | None,
    typer.Option(
        metavar="MODULE:FUNCTION",
        help="Function that changes the images after they are resized (--size). It gets "
        "a batch as a uint8 tensor (n, C, H, W), as transforms of torchvision do.",
    ),
]
Mean = Annotated[
    tuple | None,
    typer.Option(
        parser=numbers,
        metavar="NUMBERS",
        help="Subtract this mean from images in 0..1, e.g. 0.5, or one mean for each "
        "channel: 0.485,0.456,0.406. With three numbers, a grey image gets three equal channels.",
    ),
]
Std = Annotated[
    tuple | None,
    typer.Option(
        parser=numbers,
        metavar="NUMBERS",
        help="Divide the images by this standard deviation after the mean is subtracted "
        "(--mean), e.g. 0.229,0.224,0.225.",
    ),
]
Invert = Annotated[
    bool,
    typer.Option(
        "--invert",
        help="Invert the images (255 - image) after they are resized (--size), e.g. for a "
        "network that was trained on black ink on white.",
    ),
]
BatchSize = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Number of images that an encoder embeds at a time. Fewer images need less "
        "memory. Default: chosen by the size of the images.",
    ),
]


def preparation_of(
    size: int | None,
    transform: str | None,
    mean: tuple[float, ...] | None,
    std: tuple[float, ...] | None,
    invert: bool = False,
) -> "Preparation | None":
    """Return the preparation that the options name; None if none is given.

    Raises BaselineError if a value cannot be used or the transform cannot be imported.
    """
    nothing_chosen = size is None and transform is None and mean is None and std is None
    if nothing_chosen and not invert:
        return None
    from ...baselines.preparation import Preparation
    from ..models import import_function

    function = None if transform is None else import_function(transform)
    return Preparation(size, function, mean, std, invert)
