"""fewbench evaluate."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fewbench.errors import UserError

from .console import emit, progress_bars, say
from .options import (
    Backend,
    Device,
    Json,
    LearnerName,
    OtherBuild,
    Out,
    Precision,
    Root,
    Statistics,
    TasksPerChunk,
    named_settings,
)
from .percent import points

if TYPE_CHECKING:
    from ...reports.records import EvalProtocol
    from ..protocols.draw import Drawn
    from ..stopping import StopRule

_DIGITS_OF_MOST = 20  # more than any allowed number of episodes has


def evaluate(
    learner: LearnerName,
    out: Out,
    protocol: Annotated[
        str | None, typer.Option(help="Protocol, see `fewbench protocol list`.")
    ] = None,
    episodes: Annotated[
        str | None,
        typer.Option(
            metavar="N|FILE",
            help="A number N: use only the first N episodes (the result's name then ends in "
            "-Nep). A path: use the episode file that `fewbench protocol export` wrote there; "
            "--protocol is then not needed.",
        ),
    ] = None,
    disjoint: Annotated[
        bool,
        typer.Option(
            "--disjoint",
            help="Use episodes that share no image, as many as the split has. The ± then "
            "speaks of new images too.",
        ),
    ] = False,
    until_half_width: Annotated[
        float | None,
        typer.Option(
            parser=points,
            metavar="POINTS",
            help="Stop once the ± is at most this, e.g. 0.1% or 0.001, and after 100,000 "
            "episodes (or --episodes) at the latest. Exit code 1 if the ± is larger then.",
        ),
    ] = None,
    dataset: OtherBuild = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="Change a key of the recipe for the test: key=value, e.g. "
            "test_inner_steps=10. May be repeated.",
        ),
    ] = None,
    statistics: Statistics = None,
    backend: Backend = None,
    tasks_per_chunk: TasksPerChunk = None,
    precision: Precision = None,
    device: Device = "auto",
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Replace an earlier result of this name."),
    ] = False,
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Score a learner on the episodes of a protocol, and save the result."""
    from ..evaluate_into import Evaluation, evaluate_run, load_on_device
    from .describe_evaluation import describe_evaluation

    n_episodes, file = number_or_file(episodes)
    stop = None
    if file is not None:
        _refuse_with_file(disjoint, until_half_width)
        chosen = _read_file(file, protocol, dataset, root)
    elif until_half_width is not None:
        chosen = _find_protocol(protocol, dataset, None, disjoint)
        stop = _stop_rule(until_half_width, n_episodes)
    else:
        chosen = _find_protocol(protocol, dataset, n_episodes, disjoint)
    named = named_settings(
        statistics=statistics, backend=backend, tasks_per_chunk=tasks_per_chunk
    )
    model = load_on_device(
        learner, device, precision or "fp32", [*(settings or []), *named]
    )
    with progress_bars() as progress:
        path, result = evaluate_run(
            model,
            Evaluation(chosen, stop, root),
            out,
            overwrite=overwrite,
            progress=progress,
        )
    described = describe_evaluation(path, result, until_half_width)
    emit(described.document, described.text, as_json)
    if not described.reached:
        raise typer.Exit(1)


def number_or_file(episodes: str | None) -> tuple[int | None, Path | None]:
    """What --episodes means. Raises UserError if it is neither a number nor a file."""
    if episodes is None:
        return None, None
    if episodes.isdecimal():
        number = int(episodes[:_DIGITS_OF_MOST])
        if number < 2:
            raise UserError(
                f"--episodes: expected at least 2, got {number}. For example, "
                f"--episodes 1000"
            )
        return number, None
    path = Path(episodes)
    if not path.is_file():
        raise UserError(
            f"--episodes: '{episodes}' is neither a number nor a file. Write a file: fewbench "
            f"protocol export NAME --out FILE"
        )
    return None, path


def _refuse_with_file(disjoint: bool, until_half_width: float | None) -> None:
    if disjoint or until_half_width is not None:
        raise UserError(
            "--episodes: a file says which episodes are used. Omit --disjoint and "
            "--until-half-width"
        )


def _find_protocol(
    name: str | None, dataset: str | None, n_episodes: int | None, disjoint: bool
) -> "EvalProtocol":
    from ..protocols.catalogue import find_protocol

    if name is None:
        raise UserError(
            "--protocol: is missing, and --episodes is not a file. Choose one: fewbench "
            "protocol list"
        )
    return find_protocol(
        name, dataset=dataset, n_episodes=n_episodes, disjoint=disjoint
    )


def _stop_rule(half_width: float, most_episodes: int | None) -> "StopRule":
    from ..stopping import MOST_EPISODES, StopRule

    return StopRule(half_width, most_episodes or MOST_EPISODES)


def _read_file(
    file: Path, protocol: str | None, dataset: str | None, root: Path | None
) -> "Drawn":
    from ...datasets.root import data_root
    from ..protocols.episode_images import draw_file
    from ..protocols.episode_reader import read_episodes

    listed = read_episodes(file)
    if protocol and protocol != listed.protocol.name:
        raise UserError(
            f"--protocol: {file} holds the episodes of {listed.protocol.name}, not of "
            f"{protocol}. Omit --protocol"
        )
    drawn = draw_file(listed, data_root(root), dataset)
    if drawn.view.fingerprint != listed.data_fingerprint:
        say(
            f"{file}: was made from another build than the {drawn.protocol.dataset} at hand. "
            f"The names of the images are the same, but their pixels or their order differ. "
            f"The result records this."
        )
    return drawn
