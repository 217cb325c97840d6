"""Compare the features of a user's torch module, as in ProtoNet.

The module comes from elsewhere. It is copied, put into eval mode, and tried on two images
before its first batch: which input does it take, in which precision does it compute, and
does a faster copy of it give the same features?
"""

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from .backbones import to_input
from .device.images import on_device
from .foreign_module import ForeignModule, unwrapped
from .learner import BaselineError, EmbeddingLearner, LearnerCard
from .outputs import Choice, chosen_member, feature_tensor

_N_TRIED = 2
# These formats would lose digits in float32.
_WIDE = (torch.float64, torch.int64, torch.int32)


class EncoderLearner(EmbeddingLearner):
    """A learner that compares the features of an encoder with the mean of each class.

    encoder: a module that turns float32 (n, C, H, W) in 0..1 into (n, ...) features. The
        module itself is never changed.
    name: the name in results
    device: the device to compute on; None for the device of the encoder's parameters
    features: the member of the output that holds the features; None if the output does
    Raises BaselineError if the encoder has no weights, or normalises by its batch.
    """

    def __init__(
        self,
        encoder: nn.Module,
        name: str,
        device: torch.device | None = None,
        features: Choice | None = None,
    ) -> None:
        refuse_missing_weights(encoder)
        refuse_batch_statistics(encoder)
        first = next(encoder.parameters(), None)
        if device is None:
            device = torch.device("cpu") if first is None else first.device
        self.device = device
        self.features = features
        self.card = LearnerCard(
            name, backbone=_backbone(encoder, features), device=device.type
        )
        self._encoder = encoder
        self._module: ForeignModule | None = None
        # The shape of an image's features, by the shape of the image.
        self._shapes: dict[tuple[int, ...], tuple[int, ...]] = {}

    def largest_map(self, images: np.ndarray) -> int:
        if self._module is None:
            with torch.inference_mode():
                few = on_device(images[:_N_TRIED], self.device)
                self._try(to_input(few))
        assert self._module is not None
        own_size = super().largest_map(images)
        return max(own_size, self._module.largest_map)

    def embed(self, images: np.ndarray) -> Tensor:
        inputs = to_input(on_device(images, self.device))
        with torch.inference_mode():
            if self._module is None:
                self._try(inputs[:_N_TRIED])
            return self._features(inputs)

    def _try(self, inputs: Tensor) -> None:
        """Try the encoder on a few images, and record the precision it computes in."""
        self._module = ForeignModule(self._encoder, self.device, inputs)
        self.card = replace(self.card, precision=self._module.precision)
        # The last batch of an evaluation may have a single image.
        self._features(inputs[:1])
        self._module.make_faster(inputs, self._features)

    def _features(self, inputs: Tensor) -> Tensor:
        assert self._module is not None
        output = self._module(inputs)
        if self.features is not None:
            output = chosen_member(output, self.features)
        features = feature_tensor(output, len(inputs))
        shape = tuple(features.shape[1:])
        image_shape = tuple(inputs.shape[1:])
        first_shape = self._shapes.setdefault(image_shape, shape)
        if shape != first_shape:
            wanted = ", ".join(["n", *map(str, first_shape)])
            raise BaselineError(
                f"cannot embed the images: expected features of the shape "
                f"({wanted}), as in the first batch, got "
                f"{tuple(features.shape)}. Change what the model returns"
            )
        precise = torch.float64 if features.dtype in _WIDE else torch.float32
        # A copy, since the encoder may write its next output to the same memory.
        return features.flatten(1).to(self.device, precise, copy=True)


def refuse_missing_weights(encoder: nn.Module) -> None:
    """Raise BaselineError if a parameter or buffer of the encoder holds no values."""
    for tensors in (encoder.named_parameters(), encoder.named_buffers()):
        for name, tensor in tensors:
            if tensor.is_meta:
                raise BaselineError(
                    f"cannot evaluate the encoder: expected weights, got '{name}' on the "
                    f"meta device, which holds no values. Load the weights first: "
                    f"encoder.to_empty(device='cpu'), then encoder.load_state_dict(...)"
                )


def refuse_batch_statistics(encoder: nn.Module) -> None:
    """Raise BaselineError if a batch norm of the encoder keeps no running statistics.

    Such a norm uses the statistics of its batch. The evaluation embeds images in
    batches that mix episodes, so the features would depend on this arbitrary choice of
    images. Instance, group and layer norms use the statistics of each image alone.
    """
    for name, module in encoder.named_modules():
        if isinstance(module, _BatchNorm) and module.running_mean is None:
            raise BaselineError(
                f"cannot evaluate the encoder: the layer '{name}' uses the statistics "
                f"of its batch even in eval mode, so the features of an image would "
                f"depend on other images: expected running statistics, got none. Build "
                f"this layer with track_running_stats=True, or pass a function that "
                f"answers a whole episode."
            )


def _backbone(encoder: nn.Module, features: Choice | None) -> str:
    """Return the name of the network, and of the member that holds its features."""
    inner = unwrapped(encoder)
    name = getattr(inner, "original_name", None) or type(inner).__name__
    if features is None:
        return name
    member = features
    if callable(features):
        member = getattr(features, "__name__", type(features).__name__)
    return f"{name}[{member}]"
