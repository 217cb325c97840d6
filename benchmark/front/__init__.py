"""fewbench: few-shot image classification that can be checked.

    import fewbench

    result = fewbench.evaluate(model, "glyphs-5w1s")

`model` is a learner, a `torch.nn.Module` that embeds images, or a function of an episode.
Importing this package loads neither torch nor the data: each function does when it is called.
"""

from typing import TYPE_CHECKING

if __name__ != "fewbench":  # a second copy would have classes of its own
    raise ImportError("this folder is the package `fewbench`: import it by that name")

from .api import (
    compare,
    evaluate,
    interval,
    load_results,
    open_split,
    protocols,
    published,
    save_result,
    write_report,
)

if TYPE_CHECKING:
    __version__: str

__all__ = [
    "__version__",
    "compare",
    "evaluate",
    "interval",
    "load_results",
    "open_split",
    "protocols",
    "published",
    "save_result",
    "write_report",
]


def __getattr__(name: str) -> str:
    """`__version__`, looked up only when somebody asks: that takes longer than all the rest."""
    if name != "__version__":
        raise AttributeError(f"module 'fewbench' has no attribute '{name}'")
    from importlib.metadata import version

    return version("fewbench")
