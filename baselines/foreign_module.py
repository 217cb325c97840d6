"""Call a torch module of a user without changing it.

Modules come in many kinds: in half precision, scripted, compiled, exported, lazy or
wrapped. `ForeignModule` finds out once what a module needs, and then calls it.
"""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from fewbench.errors import UserError

from .encoder_precision import Computed, watch
from .learner import BaselineError
from .metric.folding import folded
from .outputs import last_words

# A faster copy is used if its features differ by at most this fraction of the largest.
_TOLERANCE = 1e-4


class ForeignModule:
    """A module of a user, which is called in eval mode on one device.

    inputs: float32 (n, C, H, W) in 0..1, a few images on which the module is tried
    precision: the lowest precision it computes in, as in `LearnerCard`
    largest_map: the number of pixels of the largest map that an image becomes inside
    Raises BaselineError if the module fails on the images.
    """

    def __init__(
        self,
        module: nn.Module,
        device: torch.device,
        inputs: Tensor,
    ) -> None:
        self._module = _copied(module, device)
        self._takes: torch.dtype = torch.float32
        self._images_at_once = _fixed_batch(self._module)
        self._is_fast = False
        with _same_random_weights(self._module):
            self._find_input(inputs)
        self.precision, self.largest_map = self._watch(inputs)

    def __call__(self, inputs: Tensor) -> object:
        """Return what the module returns for these images.

        Raises BaselineError if the module fails.
        """
        try:
            return self._call(inputs)
        except UserError:
            raise
        except Exception as error:
            raise BaselineError(
                f"the encoder failed on a batch of the shape {tuple(inputs.shape)}: "
                f"{last_words(error)}. Expected a module that turns float32 images (n, C, "
                f"H, W) with values in 0..1 into features (n, d). Try it alone on "
                f"torch.rand{tuple(inputs.shape)}, or change the images before it sees "
                f"them: --size 224, --transform MODULE:FUNCTION"
            ) from error

    def make_faster(self, inputs: Tensor, embed: Callable[[Tensor], Tensor]) -> None:
        """Use a faster copy of the module, if it gives the same features.

        embed: returns the features of images with this module
        """
        if self.precision != "fp32" or not _is_plain(self._module):
            return
        original = self._module
        expected = embed(inputs)
        try:
            self._module = folded(original)
            self._is_fast = True
            got = embed(inputs)
        except Exception:
            # The copy is only an optimisation, so the module itself is used instead.
            got = torch.full_like(expected, torch.nan)
        largest_change = (got - expected).abs().max()
        if not largest_change <= _TOLERANCE * expected.abs().max():
            self._module = original
            self._is_fast = False

    def _call(self, inputs: Tensor) -> object:
        inputs = inputs.to(self._takes)
        if not self._is_fast:
            # The usual layout: a module may call `view`, which needs it.
            inputs = inputs.contiguous()
        with _in_eval_mode(self._module):
            if self._images_at_once is None:
                return self._module(inputs)
            return self._in_pieces(inputs, self._images_at_once)

    def _in_pieces(self, inputs: Tensor, size: int) -> object:
        """Call a module that was exported for batches of this size alone."""
        parts = []
        for piece in inputs.split(size):
            missing = size - len(piece)
            padding = piece[-1:].expand(missing, *piece.shape[1:])
            output = self._module(torch.cat([piece, padding]))
            if not isinstance(output, Tensor) or len(output) != size:
                return output
            parts.append(output[: len(piece)])
        return torch.cat(parts)

    def _find_input(self, inputs: Tensor) -> None:
        """Find whether the module takes float32, or images in the format of its weights."""
        try:
            self._call(inputs)
        except Exception:
            # A module in half precision refuses float32 in its own words.
            formats = {weights.dtype for weights in _weights(self._module)}
            for dtype in sorted(formats - {torch.float32}, key=str):
                self._takes = dtype
                try:
                    self._call(inputs)
                except Exception:
                    continue
                return
            self._takes = torch.float32
            # No format helps, so this raises what the module says about float32.
            self(inputs)

    def _watch(self, inputs: Tensor) -> Computed:
        # A compiled module would hide its intermediate results.
        inner = ForeignModule.__new__(ForeignModule)
        inner.__dict__.update(self.__dict__)
        inner._module = unwrapped(self._module)
        try:
            return watch(lambda: inner._call(inputs), len(inputs))
        except Exception:
            # A module may work only inside its wrapper.
            return watch(lambda: self._call(inputs), len(inputs))


def unwrapped(module: nn.Module) -> nn.Module:
    """Return the module inside torch.compile and DataParallel."""
    while True:
        inner = getattr(module, "_orig_mod", None)
        if isinstance(module, nn.DataParallel | nn.parallel.DistributedDataParallel):
            inner = module.module
        if not isinstance(inner, nn.Module):
            return module
        module = inner


def _copied(module: nn.Module, device: torch.device) -> nn.Module:
    """Return a copy on the device; the module itself if it cannot be copied."""
    try:
        module = copy.deepcopy(module)
    except Exception:
        # For instance, it holds an open file.
        return module
    return module.to(device)


def _is_plain(module: nn.Module) -> bool:
    """Whether all parts of a module are ordinary Python modules."""
    special = (torch.jit.ScriptModule, torch.fx.GraphModule)
    if unwrapped(module) is not module:
        return False
    return not any(isinstance(part, special) for part in module.modules())


def _fixed_batch(module: nn.Module) -> int | None:
    """Return the batch size that a module was exported for; None if any will do."""
    if not isinstance(module, torch.fx.GraphModule):
        return None
    for node in module.graph.nodes:
        example = node.meta.get("val")
        if node.op == "placeholder" and isinstance(example, Tensor):
            size = example.shape[0]
            return size if isinstance(size, int) else None
    return None


def _weights(module: nn.Module) -> Iterator[Tensor]:
    for weights in (*module.parameters(), *module.buffers()):
        if weights.is_floating_point():
            yield weights


@contextmanager
def _in_eval_mode(module: nn.Module) -> Iterator[None]:
    """Put a module into eval mode, and its parts back into the mode they had."""
    parts = [part for part in module.modules() if part.training]
    try:
        if parts:
            module.eval()
        yield
    finally:
        for part in parts:
            part.training = True


@contextmanager
def _same_random_weights(module: nn.Module) -> Iterator[None]:
    """Draw the weights of a lazy module from seed 0, so that each evaluation has the same.

    Such a module gets its weights when it sees the first images.
    """
    values = (*module.parameters(), *module.buffers())
    some_are_lazy = any(map(is_lazy, values))
    with torch.random.fork_rng() if some_are_lazy else nullcontext():
        if some_are_lazy:
            torch.manual_seed(0)
        yield
