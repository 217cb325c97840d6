"""Functions that run in a process of their own, which need not import torch again."""

import warnings
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.process import BaseProcess

import torch

# With a GPU, torch computes gradients in threads, which a forked process does not have.
_HAS_GPU = torch.cuda.is_available() or torch.backends.mps.is_available()
_CONTEXT = get_context("spawn") if _HAS_GPU else get_context("fork")


def start_forked(function: Callable[..., None], *arguments: object) -> BaseProcess:
    """Call a function in another process, where torch uses one thread."""
    called = (function, *arguments)
    process = _CONTEXT.Process(target=_on_one_thread, args=called, daemon=True)
    with warnings.catch_warnings():
        # From 3.12 on, Python warns that the process has several threads. The function must
        # not use what they may hold.
        warnings.simplefilter("ignore", DeprecationWarning)
        process.start()
    return process


def _on_one_thread(function: Callable[..., None], *arguments: object) -> None:
    torch.set_num_threads(1)
    function(*arguments)
