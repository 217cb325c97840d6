"""fewbench: few-shot image classification that can be checked.

    import fewbench

    result = fewbench.evaluate(model, "glyphs-5w1s")

`model` is a learner, a `torch.nn.Module` that turns images into features, or a function
that scores the query images of an episode. Importing this package does not load torch
or any data. Each function loads what it needs when it is called.
"""

from typing import TYPE_CHECKING

# A second copy of the package under another name would have different classes.
if __name__ != "fewbench":
    raise ImportError(
        f"this folder is the package fewbench: expected the name 'fewbench', got "
        f"'{__name__}'. Write: import fewbench"
    )

if TYPE_CHECKING:
    from fewbench.baselines.preparation import Preparation as Preparation

    from .api import (
        compare,
        evaluate,
        find_protocol,
        interval,
        load_results,
        load_weights,
        open_split,
        save_result,
        torch_dataset,
        write_report,
    )
    from .tables import protocols, published

    __version__: str

__all__ = [
    "Preparation",
    "__version__",
    "compare",
    "evaluate",
    "find_protocol",
    "interval",
    "load_results",
    "load_weights",
    "open_split",
    "protocols",
    "published",
    "save_result",
    "torch_dataset",
    "write_report",
]


_TABLES = ("protocols", "published")


def __getattr__(name: str) -> object:
    """Return a function of this package, `__version__` or `Preparation`.

    They are looked up only when needed, since every run of pytest imports this package.
    Raises AttributeError for any other name.
    """
    if name not in __all__:
        raise AttributeError(f"module 'fewbench' has no attribute '{name}'")
    if name == "Preparation":
        from fewbench.baselines.preparation import Preparation

        return Preparation
    if name == "__version__":
        from importlib.metadata import version

        return version("fewbench")
    from importlib import import_module

    module = import_module("fewbench.tables" if name in _TABLES else "fewbench.api")
    return getattr(module, name)


def __dir__() -> list[str]:
    """Return the names of this package, also those that are not loaded yet."""
    return [*globals(), *__all__]
