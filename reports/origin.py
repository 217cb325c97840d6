"""The origin of the pixels and the weights in a result, and the checks of the learner.

None means "unknown", except in `ImagePreparation`.
"""

from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

RECORD = ConfigDict(extra="ignore", strict=True, allow_inf_nan=False)
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Text = Annotated[str, Field(max_length=500)]
Index = Annotated[int, Field(ge=0)]


@dataclass(frozen=True, config=RECORD)
class Pixels:
    """The images as the learner saw them.

    height, width: px
    resampling: the filter that resized the images, such as "box"
    jpeg_generations: number of times that the images were saved as JPEG
    crop: the part of the original that was used, such as "whole" or "center 87.5 %"
    spectrum: "smooth", "aliased" or "cannot tell", as the spectrum of the images shows
    jpeg: how the files of the images were saved, such as "quality 95, 4:2:0"
    """

    height: Annotated[int, Field(ge=1)]
    width: Annotated[int, Field(ge=1)]
    channels: Annotated[int, Field(ge=1)]
    resampling: Text = ""
    jpeg_generations: Annotated[int, Field(ge=0)] | None = None
    crop: Text | None = None
    spectrum: Text | None = None
    jpeg: Text | None = None


@dataclass(frozen=True, config=RECORD)
class ImagePreparation:
    """What was done to the stored images before the learner saw them.

    A field is None if its step was not done.

    size: px of each side after resizing
    transform: module and name of the user's function, such as "my_model:crop"
    mean, std: the values of the normalisation (images - mean) / std
    batch_size: the number of images in a forward pass; None if fewbench chose it
    invert: True if the images became their negatives, after they were resized
    """

    size: Annotated[int, Field(ge=1)] | None = None
    transform: Text | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    batch_size: Annotated[int, Field(ge=1)] | None = None
    invert: bool | None = None

    @property
    def changes(self) -> str:
        """The changes of the images, such as "resized to 84 px"; "" if there were none."""
        words = []
        if self.size is not None:
            words.append(f"resized to {self.size} px")
        if self.invert:
            words.append("inverted")
        if self.transform is not None:
            words.append(f"transformed by {self.transform}")
        if self.mean is not None:
            words.append(f"mean {_listed(self.mean)}")
        if self.std is not None:
            words.append(f"std {_listed(self.std)}")
        return ", ".join(words)


def _listed(values: tuple[float, ...]) -> str:
    return "/".join(f"{value:g}" for value in values)


@dataclass(frozen=True, config=RECORD)
class TrainedOn:
    """The images that trained a learner in fewbench.

    data_fingerprints: content hashes of the splits
    """

    dataset: Text
    splits: tuple[Text, ...]
    data_fingerprints: tuple[Text, ...] = ()


@dataclass(frozen=True, config=RECORD)
class Pretraining:
    """The data that a network was pretrained on.

    data: the name of the data; "none" if the network started from random weights
    saw_test_classes: whether the data had classes of the test split
    """

    data: Text
    revision: Text | None = None
    saw_test_classes: bool | None = None


@dataclass(frozen=True, config=RECORD)
class Weights:
    """The source of the weights.

    origin: an address, or a few words such as "trained by fewbench"
    """

    origin: Text
    sha256: Sha256 | None = None
    licence: Text | None = None


@dataclass(frozen=True, config=RECORD)
class Checks:
    """The outcome of each check of the learner: True if the learner passed.

    Some images and episodes are drawn by chance for these checks. Chance decides whether
    a fault is found, but no number in the result.

    order: the answers do not depend on the order of the episodes and images
    state: answering an episode does not change the learner
    determinism: the same episode gets the same answer twice
    distinct: not all images have equal features
    """

    order: bool | None = None
    state: bool | None = None
    determinism: bool | None = None
    distinct: bool | None = None


@dataclass(frozen=True, config=RECORD)
class Segment:
    """Episodes `start` to `end - 1`, which one process answered."""

    start: Index
    end: Index
    host: Text = ""
    seconds: Annotated[float, Field(ge=0)] | None = None
