"""ImageView: what learners and episodes see, one or more splits with or without rotated classes."""

from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np

from .info import DataError
from .store.split_store import SplitStore

ROTATIONS = (0, 90, 180, 270)


class ImageView:
    """Splits joined into one list of classes, each optionally in four rotations.

    View image r * n_base_images + i is stored image i turned by r * 90 degrees (anticlockwise);
    only the upright images are stored. With rotations, turned characters are classes of their own
    (Santoro et al. 2016; Snell et al. 2017): view class r * n_base_classes + c. With
    task_rotations, the four turns of an image belong to one class, which each episode turns as a
    whole (Finn et al. 2017): see `turn_classes`.

    class_offsets: int64 (n_classes + 1,) class c owns the view images between two offsets; with
        task_rotations these are its upright ones
    """

    def __init__(
        self,
        stores: Sequence[SplitStore],
        *,
        rotations: bool = False,
        task_rotations: bool = False,
    ) -> None:
        if rotations and task_rotations:
            raise DataError(
                "turned images are classes of their own or turned by task, not both."
            )
        self.stores = tuple(stores)
        self.rotations, self.task_rotations = rotations, task_rotations
        self.image_shape = self.stores[0].image_shape
        self._starts = np.cumsum([0, *(len(store) for store in self.stores)])
        offsets = [s.class_offsets[1:] + start for s, start in self._parts()]
        base = np.concatenate(offsets)
        turns = len(ROTATIONS) if rotations else 1
        ends = np.concatenate([base + r * self.n_base_images for r in range(turns)])
        self.class_offsets = np.concatenate([[0], ends]).astype(np.int64)

    @property
    def n_base_images(self) -> int:
        """Stored images, before rotation."""
        return int(self._starts[-1])

    @property
    def n_base_classes(self) -> int:
        """Stored classes, before rotation."""
        return self.n_classes // (len(ROTATIONS) if self.rotations else 1)

    @property
    def n_classes(self) -> int:
        """Classes, rotated ones counted."""
        return len(self.class_offsets) - 1

    def __len__(self) -> int:
        turned = self.rotations or self.task_rotations
        return self.n_base_images * (len(ROTATIONS) if turned else 1)

    @property
    def partial(self) -> bool:
        """Whether any of the splits was built from incomplete data."""
        return any(store.partial for store in self.stores)

    @property
    def fingerprint(self) -> str:
        """Content hash of the splits; several are joined by '+'."""
        return "+".join(store.fingerprint for store in self.stores)

    @cached_property
    def class_names(self) -> tuple[str, ...]:
        """Name of every class; rotated ones end in /rot000 to /rot270."""
        base = [name for store in self.stores for name in store.class_names]
        if not self.rotations:
            return tuple(base)
        return tuple(f"{name}/rot{angle:03d}" for angle in ROTATIONS for name in base)

    @cached_property
    def image_keys(self) -> tuple[str, ...]:
        """class name/image name of every view image: a name that means something elsewhere."""
        keys = [""] * len(self)
        for c, name in enumerate(self.class_names):
            for index, image in zip(
                self.class_images(c), self.class_image_names(c), strict=True
            ):
                keys[index] = f"{name}/{image}"
        return tuple(keys)

    def class_images(self, c: int) -> np.ndarray:
        """All view images of class c, by turn and then in store order: int64 (n,)"""
        upright = np.arange(*self.class_offsets[c : c + 2])
        if not self.task_rotations:
            return upright
        turns = self.n_base_images * np.arange(len(ROTATIONS))
        return (turns[:, None] + upright).reshape(-1)

    def class_image_names(self, c: int) -> tuple[str, ...]:
        """Names of `class_images(c)` within their class; one turned by its task is rot090/name."""
        base = c % self.n_base_classes
        names = self._base_names[slice(*self.class_offsets[base : base + 2])]
        if not self.task_rotations:
            return names
        return tuple(f"rot{angle:03d}/{name}" for angle in ROTATIONS for name in names)

    @cached_property
    def _base_names(self) -> tuple[str, ...]:
        return tuple(name for store in self.stores for name in store.image_names)

    def images(self, indices: np.ndarray) -> np.ndarray:
        """Pixels of the view images at `indices`.

        indices: int64 (n,) -> uint8 (n, H, W, C)
        """
        turns, base = np.divmod(np.asarray(indices), self.n_base_images)
        pixels = self._gather(base)
        for turn in np.unique(turns[turns > 0]):
            rows = turns == turn
            pixels[rows] = np.rot90(pixels[rows], turn, axes=(1, 2))
        return pixels

    def _gather(self, base: np.ndarray) -> np.ndarray:
        if len(self.stores) == 1:
            return self.stores[0].images[base]
        pixels = np.empty((len(base), *self.image_shape), np.uint8)
        owners = np.searchsorted(self._starts, base, side="right") - 1
        for s, (store, start) in enumerate(self._parts()):
            rows = owners == s
            pixels[rows] = store.images[base[rows] - start]
        return pixels

    def _parts(self) -> Iterator[tuple[SplitStore, int]]:
        return zip(self.stores, self._starts[:-1].tolist(), strict=True)
