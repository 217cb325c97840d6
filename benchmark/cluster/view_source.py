"""The images of some tasks: how a worker opens them, and what decides their pixels."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...baselines.evaluation.features import block_size
from ...baselines.preparation import Preparation
from ...datasets.info import DataError
from ...datasets.prepared_view import PreparedView
from ...datasets.root import data_root
from ...datasets.view import ImageView
from ...reports.protocol import EvalProtocol
from ..models import import_function
from ..protocols.stream import split_view


@dataclass(frozen=True)
class ViewSource:
    """The images of some tasks, as values for JSON.

    rotations, task_rotations: see `ImageView`
    preparation: arguments of `Preparation`, with the transform as module:function; None to
        leave the images as they are
    fingerprint: the content hash of the split
    n_images: the number of images, including rotated ones
    image_shape: (H, W, C) of the prepared images
    """

    dataset: str
    split: str
    fingerprint: str
    n_images: int
    image_shape: tuple[int, int, int]
    rotations: bool = False
    task_rotations: bool = False
    preparation: Mapping[str, Any] | None = None

    @classmethod
    def of(
        cls,
        dataset: str,
        split: str,
        view: ImageView,
        preparation: Mapping[str, Any] | None = None,
    ) -> "ViewSource":
        """Return the source of a view that is open.

        view: the prepared images
        preparation: how they were prepared: arguments of `Preparation`, with the transform
            as module:function
        """
        return cls(
            dataset=dataset,
            split=split,
            fingerprint=view.fingerprint,
            n_images=len(view),
            image_shape=view.image_shape,
            rotations=view.rotations,
            task_rotations=view.task_rotations,
            preparation=preparation,
        )

    @classmethod
    def of_protocol(cls, protocol: EvalProtocol, view: ImageView) -> "ViewSource":
        """Return the source of the images of a protocol, which are not prepared."""
        return cls.of(protocol.dataset, protocol.split, view)

    @property
    def images_per_block(self) -> int:
        """The number of images that fewbench embeds at a time."""
        return block_size(self.image_shape)

    def open(self, root: Path | None) -> ImageView:
        """Open the images.

        root: the folder with the built datasets; None for the default folder of `data_root`
        Raises DataError if the dataset is not built, or if its content is another one.
        """
        view = split_view(
            self.dataset,
            self.split,
            data_root(root),
            rotations=self.rotations,
            task_rotations=self.task_rotations,
        )
        if view.fingerprint != self.fingerprint:
            raise DataError(
                f"{self.dataset} {self.split}: expected the images with the sha256 "
                f"{self.fingerprint}, got {view.fingerprint}. Use the same build of the "
                f"dataset on all machines"
            )
        preparation = prepared_as(self.preparation)
        if preparation is not None:
            view = PreparedView(view, preparation)
        return view

    def document(self) -> dict[str, Any]:
        """Return the source as values for JSON, from which `parsed` makes it again."""
        document = asdict(self)
        document["image_shape"] = list(self.image_shape)
        return document

    @classmethod
    def parsed(cls, document: Mapping[str, Any]) -> "ViewSource":
        """Return the source with this document."""
        values = dict(document)
        values["image_shape"] = tuple(document["image_shape"])
        return cls(**values)


def prepared_as(values: Mapping[str, Any] | None) -> Preparation | None:
    """Return a preparation from values for JSON; None if there is none.

    Raises BaselineError if a value cannot be used or the transform cannot be imported.
    """
    if values is None:
        return None
    transform = values.get("transform")
    mean = values.get("mean")
    std = values.get("std")
    return Preparation(
        size=values.get("size"),
        transform=None if transform is None else import_function(transform),
        mean=None if mean is None else tuple(mean),
        std=None if std is None else tuple(std),
        invert=bool(values.get("invert")),
    )
