"""Stand in for a transform of a user that is not needed any more."""

from torch import Tensor


class NamedTransform:
    """Stands for a transform of the user, whose module may be gone.

    Its images have the right shape and are black. No learner sees them.

    name: the transform, as module:function
    image_shape: the shape (H, W, C) of the images that it returned
    """

    def __init__(self, name: str, image_shape: tuple[int, int, int]) -> None:
        self.__module__, _, self.__qualname__ = name.partition(":")
        height, width, n_channels = image_shape
        self._shape = (n_channels, height, width)

    def __call__(self, images: Tensor) -> Tensor:
        shape = (len(images), *self._shape)
        return images.new_zeros(shape)
