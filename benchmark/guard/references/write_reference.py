"""Make a reference from results, and write its files."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from fewbench.documents import explain, shown
from fewbench.errors import UserError
from fewbench.files import write_bytes, write_text
from fewbench.folders import remove_tree

from ....reports.records import RunResult, Scalar
from ....reports.result_files import RESULT_PATTERN, array_sha256, save_result
from ....reports.stats.retraining import FEWEST_REFERENCES
from ....reports.stats.training_seeds import train_seeds
from .key import Key, Machine
from .maker import Maker
from .reference import (
    Acceptance,
    Made,
    Reference,
    Run,
    TenTimes,
    mean_of,
    runs_sha256,
    spread_of,
)
from .reference_file import FILE_NAME, reference_text
from .reference_results import TEN_TIMES_FILE


def checked_runs(made: Made) -> tuple[Run, ...]:
    """Return the runs of results that are to become a reference.

    Raises UserError if these results cannot be a reference.
    """
    runs = tuple(map(Run.of, made.results))
    n_episodes = min((one.protocol.n_episodes for one in made.results), default=2)
    if n_episodes < 2:
        raise UserError(
            f"{made.name}: too few episodes for a reference: expected at least 2, got "
            f"{n_episodes}. Evaluate on more of them, such as 600"
        )
    if made.kind == "same":
        if len(runs) != 1:
            raise UserError(
                f"{made.name}: the reference of a model is one result: expected 1, got "
                f"{len(runs)}. For several training runs of one recipe, add --retrained"
            )
        return runs
    if len(runs) < FEWEST_REFERENCES:
        raise UserError(
            f"{made.name}: too few training runs for a reference: expected at least "
            f"{FEWEST_REFERENCES} runs with different training seeds, got {len(runs)}. "
            f"Train more of them; 10 notice smaller drops"
        )
    _check_seeds_matter(made, runs)
    train_seeds(made.results)  # it refuses runs of different recipes
    if not spread_of(runs):
        raise UserError(
            f"{made.name}: all training runs have the same accuracy, so nothing is known "
            f"about chance: expected different accuracies, got {len(runs)} times "
            f"{100 * mean_of(runs):.2f} %. Choose a harder protocol or more episodes"
        )
    return runs


def _check_seeds_matter(made: Made, runs: Sequence[Run]) -> None:
    n_different = len({run.predictions_sha256 for run in runs})
    if n_different > 1 or mean_of(runs) == 1:
        return
    why = "the training gives the same model for every seed"
    if made.test:
        why = "make(seed) gives the same model for every seed"
    raise UserError(
        f"{made.name}: {why}: expected different answers, got {len(runs)} runs with "
        f"equal predictions. Draw the first weights and the batches from the seed"
    )


def made_reference(
    made: Made,
    runs: tuple[Run, ...],
    history: Sequence[Acceptance],
    reason: str,
    place: Path,
) -> Reference:
    """Make the document of a reference.

    history: the history of the reference that is replaced; () if there is none
    place: a folder in the repository of the reference
    Raises UserError if a name is not one line of printable text.
    """
    try:
        return _made_reference(made, runs, history, reason, Maker.here(place))
    except ValidationError as error:
        raise UserError(
            f"{shown(made.name)}: cannot be a reference: {explain(error)}. Choose "
            f"another name or reason"
        ) from error


def _made_reference(
    made: Made,
    runs: tuple[Run, ...],
    history: Sequence[Acceptance],
    reason: str,
    maker: Maker,
) -> Reference:
    first = made.results[0]
    now = datetime.now(UTC)
    accepted = Acceptance(
        made_utc=now.isoformat(timespec="seconds"),
        by=maker.by,
        made_from=maker.made_from,
        reason=" ".join(reason.split()),
        mean=mean_of(runs),
        spread=spread_of(runs),
        n_runs=len(runs),
        predictions_sha256=runs_sha256(runs),
    )
    return Reference(
        key=Key.of(first, made.name),
        kind=made.kind,
        machine=Machine.of(first),
        data_fingerprint=first.data_fingerprint,
        episodes_fingerprint=first.episodes_fingerprint,
        runs=runs,
        history=(*history, accepted),
        test=made.test,
        ten_times=_ten_times(made.ten_times),
    )


def write_files(folder: Path, reference: Reference, made: Made) -> None:
    """Write all files of a reference into a new folder. An unfinished one is removed."""
    remove_tree(folder)
    save_result(portable(made.results[0]), folder)
    if made.ten_times is not None:
        buffer = io.BytesIO()
        np.savez_compressed(buffer, correct=made.ten_times.correct)
        write_bytes(folder / TEN_TIMES_FILE, buffer.getvalue(), durable=True)
    write_text(folder / FILE_NAME, reference_text(reference), durable=True)


def is_of_reference(name: str) -> bool:
    """Whether `write_files` writes a file of this name."""
    is_result = fnmatch(name.replace(".npz", ".json"), RESULT_PATTERN)
    return is_result or name in (FILE_NAME, TEN_TIMES_FILE)


def portable(result: RunResult) -> RunResult:
    """Return a result without its command and without the folders of files.

    A reference goes into git, where the folders of one user say nothing to others.
    """
    return replace(result, command="", recipe=_without_folders(result.recipe))


def _without_folders(recipe: Mapping[str, Scalar]) -> dict[str, Scalar]:
    kept: dict[str, Scalar] = {}
    for key, value in recipe.items():
        if isinstance(value, str) and Path(value).is_absolute():
            value = Path(value).name
        kept[key] = value
    return kept


def _ten_times(result: RunResult | None) -> TenTimes | None:
    if result is None:
        return None
    return TenTimes(
        n_episodes=result.protocol.n_episodes,
        protocol_sha256=result.protocol.sha256,
        episodes_fingerprint=result.episodes_fingerprint,
        correct_sha256=array_sha256(result.correct),
    )
