"""The steps behind the commands: train into a folder, evaluate into a folder."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from ..baselines.catalogue import load_learner
from ..baselines.device.choose import resolve_device, resolve_precision
from ..baselines.learner import Learner
from ..datasets.info import DataError
from ..reports.records import EvalProtocol, RunResult
from ..reports.result_files import save_result
from .evaluate import evaluate, evaluate_drawn
from .protocols.draw import Drawn
from .stopping import Goal, evaluate_until, until_protocol

Progress = Callable[..., None]


def load(
    learner: str, device: str, precision: str, settings: Sequence[str] = ()
) -> Learner:
    """A learner by name or path, on a device and in a precision given as words.

    settings: `key=value` of what a recipe says about the test
    """
    chosen = resolve_device(device)
    return load_learner(learner, chosen, resolve_precision(precision, chosen), settings)


def evaluate_run(
    model: Learner,
    test: EvalProtocol | Drawn,
    out: Path,
    overwrite: bool,
    where: tuple[Path | None, Progress | None],
    goal: Goal | None = None,
) -> tuple[Path, RunResult]:
    """Evaluate and save into `out`, up to the goal if there is one. Raises DataError when the
    result is there already."""
    root, progress = where
    started = time.perf_counter()
    card = test.protocol if isinstance(test, Drawn) else test
    if goal:
        card = until_protocol(card, goal)
    existing = out / f"{card.name}__{model.card.name}__seed{model.card.train_seed}.json"
    if existing.exists() and not overwrite:
        raise DataError(
            f"{existing}: there is a result of this name already. Choose another --out, or "
            f"replace it: --overwrite"
        )
    out.mkdir(
        parents=True, exist_ok=True
    )  # better refused now than after the evaluation
    if isinstance(test, Drawn):
        result = evaluate_drawn(model, test, started, progress)
    elif goal:
        result = evaluate_until(model, test, goal, root=root, progress=progress)
    else:
        result = evaluate(model, test, root=root, progress=progress)
    return save_result(result, out), result


def refuse_used_folder(out: Path) -> None:
    """Raises DataError when `out` holds anything."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise DataError(
            f"{out} is not empty. Choose another folder with --out, or remove it."
        )
