"""Join splits, with or without rotated images, for learners and episodes."""

from collections.abc import Hashable, Sequence
from functools import cached_property

import numpy as np

from .info import DataError
from .store.split_store import SplitStore

ROTATIONS = (0, 90, 180, 270)


class ImageView:
    """The classes and images of one or more splits, optionally with rotated images.

    Image r * n_base_images + i of the view is the stored image i, rotated by r * 90 degrees
    anticlockwise. Only the upright images are stored.

    rotations: whether each rotation of a class is a separate class (Santoro et al.
        2016; Snell et al. 2017). Class r * n_base_classes + c of the view is the
        stored class c, rotated by r * 90 degrees.
    task_rotations: whether the four rotations of an image belong to the same class.
        Each episode rotates all images of a class by the same angle (Finn et al. 2017),
        see `episodes.rotate_classes`.

    class_offsets: int64 (n_classes + 1,) the images of class c in the view are
        range(class_offsets[c], class_offsets[c + 1]); with task_rotations, these are
        only the upright images
    Raises DataError if both `rotations` and `task_rotations` are True.
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
                "cannot make an ImageView: expected rotations or task_rotations, but "
                "not both, got both. Leave out one of these arguments."
            )
        self.stores = tuple(stores)
        self.rotations = rotations
        self.task_rotations = task_rotations
        self.image_shape = self.stores[0].image_shape
        self.image_dtype = np.dtype(np.uint8)
        # The index of the first image of each split, and the number of all images.
        starts = [0]
        base_ends: list[np.ndarray] = []
        for store in self.stores:
            start = starts[-1]
            ends = store.class_offsets[1:] + start
            base_ends.append(ends)
            starts.append(start + len(store))
        self._starts = np.array(starts, np.int64)
        self.class_offsets = self._offsets(base_ends)

    def _offsets(self, base_ends: Sequence[np.ndarray]) -> np.ndarray:
        """Return the class offsets of the view: int64 (n_classes + 1,)

        base_ends: for each split, int64 the offsets at which its stored classes end
        """
        n_copies = 1
        if self.rotations:
            n_copies = len(ROTATIONS)
        parts = [np.zeros(1, np.int64)]
        for r in range(n_copies):
            shift = r * self.n_base_images
            for ends in base_ends:
                parts.append(ends + shift)
        offsets = np.concatenate(parts)
        return offsets.astype(np.int64)

    def __len__(self) -> int:
        if self.rotations or self.task_rotations:
            return self.n_base_images * len(ROTATIONS)
        return self.n_base_images

    @property
    def n_base_images(self) -> int:
        """The number of stored images, without rotations."""
        return int(self._starts[-1])

    @property
    def n_base_classes(self) -> int:
        """The number of stored classes, without rotations."""
        if self.rotations:
            return self.n_classes // len(ROTATIONS)
        return self.n_classes

    @property
    def n_classes(self) -> int:
        """The number of classes, including rotated classes."""
        return len(self.class_offsets) - 1

    @property
    def partial(self) -> bool:
        """Whether any of the splits was built from incomplete data."""
        return any(store.partial for store in self.stores)

    @property
    def fingerprint(self) -> str:
        """The content hash of the split. Hashes of several splits are joined by "+"."""
        return "+".join(store.fingerprint for store in self.stores)

    @property
    def key(self) -> tuple[Hashable, ...]:
        """A key that is equal for two views with the same images and rotations."""
        return (self.fingerprint, self.rotations, self.task_rotations)

    @cached_property
    def class_names(self) -> tuple[str, ...]:
        """The name of each class. With `rotations`, names end in /rot000 to /rot270."""
        base: list[str] = []
        for store in self.stores:
            base += store.class_names
        if not self.rotations:
            return tuple(base)
        class_names: list[str] = []
        for angle in ROTATIONS:
            suffix = f"/rot{angle:03d}"
            for name in base:
                class_names.append(name + suffix)
        return tuple(class_names)

    @cached_property
    def image_keys(self) -> tuple[str, ...]:
        """The text `class name/image name` of each image, for other programs."""
        keys: dict[int, str] = {}
        for c, class_name in enumerate(self.class_names):
            indices = self.class_images(c).tolist()
            image_names = self.class_image_names(c)
            for index, image_name in zip(indices, image_names, strict=True):
                keys[index] = f"{class_name}/{image_name}"
        in_order = range(len(self))
        return tuple(keys[index] for index in in_order)

    def class_images(self, c: int) -> np.ndarray:
        """Return the indices of all images of class c in the view: int64 (n,)

        They are sorted by rotation, and then in the order in which they are stored.
        """
        first = self.class_offsets[c]
        end = self.class_offsets[c + 1]
        upright = np.arange(first, end)
        if not self.task_rotations:
            return upright
        rotations = np.arange(len(ROTATIONS))
        shifts = rotations * self.n_base_images
        images = shifts[:, None] + upright
        return images.reshape(-1)

    def class_image_names(self, c: int) -> tuple[str, ...]:
        """Return the names of the images `class_images(c)`, without the class name.

        With task_rotations, the names are rot000/name to rot270/name.
        """
        base = c % self.n_base_classes
        first = self.class_offsets[base]
        end = self.class_offsets[base + 1]
        upright = self._base_names[first:end]
        if not self.task_rotations:
            return upright
        names: list[str] = []
        for angle in ROTATIONS:
            prefix = f"rot{angle:03d}/"
            for name in upright:
                names.append(prefix + name)
        return tuple(names)

    @cached_property
    def _base_names(self) -> tuple[str, ...]:
        """The names of all stored images."""
        names: list[str] = []
        for store in self.stores:
            names += store.image_names
        return tuple(names)

    def images(self, indices: np.ndarray) -> np.ndarray:
        """Read the pixels of some images: uint8 (n, H, W, C)

        indices: int64 (n,) indices of images in the view
        """
        indices = np.asarray(indices)
        rotations, base = np.divmod(indices, self.n_base_images)
        pixels = self._gather(base)
        is_rotated = rotations > 0
        for rotation in np.unique(rotations[is_rotated]):
            rows = rotations == rotation
            upright = pixels[rows]
            pixels[rows] = np.rot90(upright, rotation, axes=(1, 2))
        return pixels

    def _gather(self, base: np.ndarray) -> np.ndarray:
        """Read the pixels of stored images: uint8 (n, H, W, C)

        base: int64 (n,) indices of stored images
        """
        if len(self.stores) == 1:
            (store,) = self.stores
            return store.at(base)
        shape = (len(base), *self.image_shape)
        pixels = np.empty(shape, np.uint8)
        # The number of the split that contains each image.
        owners = np.searchsorted(self._starts, base, side="right")
        owners = owners - 1
        for s, store in enumerate(self.stores):
            rows = owners == s
            within = base[rows] - self._starts[s]
            pixels[rows] = store.at(within)
        return pixels
