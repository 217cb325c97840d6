"""Update a learner's network with batches of images: one training step at a time."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import torch
from torch import Tensor

from ..datasets.view import ImageView
from .catalogue import make_learner
from .config import TrainConfig
from .device.choose import resolve_precision
from .device.images import Pixels
from .device.recorded_step import RecordedStep
from .families import class_on_backend
from .optimizer_state import load_moments, moments, trained_parameters, weights_of
from .schedule import learning_rate
from .training_batches import TrainingBatch


class Updater:
    """A learner with new weights, its optimiser and its training images.

    config: the recipe, with the precision "auto" replaced by fp32 or bf16
    parameters: the trained parameters, by name
    Raises DataError or BaselineError if the recipe cannot be used.
    """

    def __init__(
        self,
        config: TrainConfig,
        view: ImageView,
        device: torch.device,
    ) -> None:
        self.config = _with_precision(config, device)
        self.view = view
        self.learner = make_learner(self.config, view.image_shape, device)
        self.pixels = Pixels(view, device)
        self.parameters = trained_parameters(self.learner.network)
        # One fused operation updates all parameters. Many small operations would take
        # longer to start than to compute.
        self.optimizer = torch.optim.Adam(
            self.parameters.values(),
            lr=config.lr,
            fused=True,
        )
        # The step as a GPU repeats it; None before it is recorded.
        self._recorded: RecordedStep | None = None

    def batches(self, first_step: int) -> Iterator[TrainingBatch]:
        """Yield the batch of `first_step` and of every later step."""
        offsets = self.view.class_offsets
        return self.learner.batches(offsets, self.config, first_step)

    def update(self, batch: TrainingBatch, step: int) -> Tensor:
        """Update the network once. Return the mean loss of the batch.

        step: the number of earlier updates
        """
        config = self.config
        rate = learning_rate(config, step)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.learner.network.train()
        self.optimizer.zero_grad(set_to_none=True)
        loss = self._backward(batch, step)
        parameters = self.parameters.values()
        if config.clip_value:
            torch.nn.utils.clip_grad_value_(parameters, config.clip_value)
        if config.clip_norm:
            torch.nn.utils.clip_grad_norm_(parameters, config.clip_norm)
        self.optimizer.step()
        return loss

    def weights(self) -> dict[str, Tensor]:
        """Return the tensors of the network, by name."""
        return self.learner.network.state_dict()

    def tensors(self) -> dict[str, Tensor]:
        """Return the tensors of the network and of the optimiser, for a checkpoint."""
        return self.weights() | moments(self.optimizer, self.parameters)

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Restore what `tensors` returned.

        Raises KeyError, TypeError, ValueError or RuntimeError if the tensors do not match
        the network.
        """
        self.learner.network.load_state_dict(weights_of(tensors))
        load_moments(self.optimizer, self.parameters, tensors)

    def _backward(self, batch: TrainingBatch, step: int) -> Tensor:
        images = self.pixels.gather(batch.images)
        spec = self.config.train_spec
        if batch.labels is not None:
            labels = torch.from_numpy(batch.labels).to(images.device)
            return self.learner.backward(images, spec, step, labels)
        if not (images.is_cuda and self.learner.repeats_from(step)):
            return self.learner.backward(images, spec, step)
        if self._recorded is None:
            self._recorded = RecordedStep(
                lambda tasks: self.learner.backward(tasks, spec, step),
                images,
                self.parameters.values(),
            )
        return self._recorded(images)


def _with_precision(config: TrainConfig, device: torch.device) -> TrainConfig:
    """Return the recipe with the precision "auto" replaced by fp32 or bf16."""
    precision = config.precision
    preferred = class_on_backend(config.learner, config.backend).auto_precision
    if precision == "auto" and preferred is not None:
        precision = preferred
    resolved = resolve_precision(precision, device)
    return replace(config, precision=resolved)
