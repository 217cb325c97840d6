"""Record the operations of a training step once, and let a GPU repeat them.

A step of MAML is made of thousands of small operations. Starting them one by one from
Python can take longer than computing them. A CUDA graph starts them all at once.
"""

from collections.abc import Callable, Collection

import torch
from torch import Tensor

# Libraries choose their algorithms and take memory in the first runs, which must not be
# recorded. There are three, as in the examples of torch's documentation.
_RUNS_BEFORE = 3


class RecordedStep:
    """A function that adds gradients to parameters, recorded as a CUDA graph.

    backward: gets a batch of images, and returns its mean loss; every call must run the
        same operations on the same shapes
    images: a batch on a GPU; all later batches have its shape
    """

    def __init__(
        self,
        backward: Callable[[Tensor], Tensor],
        images: Tensor,
        parameters: Collection[Tensor],
    ) -> None:
        self._images = images.clone()
        self._parameters = parameters
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.device(images.device):
            self._prepare(backward)
            self._clear_gradients()
            with torch.cuda.graph(self._graph):
                self._loss = backward(self._images)
        # The graph always writes to the memory of these tensors.
        self._gradients = [parameter.grad for parameter in parameters]

    def __call__(self, images: Tensor) -> Tensor:
        """Set the gradients of the parameters. Return the mean loss of the batch."""
        # Smaller batches would be repeated until they fit.
        assert images.shape == self._images.shape
        self._images.copy_(images)
        self._graph.replay()
        for parameter, gradient in zip(
            self._parameters,
            self._gradients,
            strict=True,
        ):
            parameter.grad = gradient
        return self._loss.clone()

    def _prepare(self, backward: Callable[[Tensor], Tensor]) -> None:
        """Run the step a few times without recording it."""
        current = torch.cuda.current_stream()
        beside = torch.cuda.Stream()
        beside.wait_stream(current)
        with torch.cuda.stream(beside):
            for _ in range(_RUNS_BEFORE):
                self._clear_gradients()
                backward(self._images)
        current.wait_stream(beside)

    def _clear_gradients(self) -> None:
        for parameter in self._parameters:
            parameter.grad = None
