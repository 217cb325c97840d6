"""fewbench evaluate."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fewbench.errors import UserError

from .console import emit, progress_bars, say
from .options import (
    Backend,
    Device,
    EpisodeSeed,
    Json,
    LearnerName,
    OtherBuild,
    Out,
    Precision,
    Query,
    Root,
    Shot,
    Split,
    Statistics,
    TasksPerChunk,
    Way,
    named_settings,
)
from .percent import points

if TYPE_CHECKING:
    from ..protocols.stream import EpisodeStream
    from ..stopping import StopRule

_DIGITS_OF_MOST = 20  # more than any allowed number of episodes has


def evaluate(
    what: LearnerName,
    out: Out,
    protocol: Annotated[
        list[str] | None,
        typer.Option(
            help="Protocol, see `fewbench protocol list`. May be repeated: each gives a "
            "result, and images are embedded once."
        ),
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
    split: Split = None,
    way: Way = None,
    shot: Shot = None,
    query: Query = None,
    seed: EpisodeSeed = None,
    name: Annotated[
        str | None, typer.Option(help="What tables call the learner.")
    ] = None,
    train_seed: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Seed of the training of a module:factory, for tables over seeds.",
        ),
    ] = None,
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
    skip_existing: Annotated[
        bool,
        typer.Option(
            "--skip-existing",
            help="Leave out an evaluation whose result is there already.",
        ),
    ] = False,
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Score a learner on the episodes of one or more protocols, and save the results."""
    from ..evaluate_into import ResultFolder, evaluate_into
    from ..models import Loading, load_model
    from .describe_evaluation import describe_evaluations

    changes: dict[str, Any] = {
        "dataset": dataset,
        "split": split,
        "way": way,
        "shot": shot,
        "query": query,
        "seed": seed,
    }
    n_episodes, file = number_or_file(episodes)
    stop = None
    if file is not None:
        _refuse_with_file({**changes, "dataset": None}, disjoint, until_half_width)
        streams = [_open_file(file, protocol, dataset, root)]
    else:
        if until_half_width is not None:
            stop = _stop_rule(until_half_width, n_episodes)
            n_episodes = None
        changes |= {"n_episodes": n_episodes, "disjoint": disjoint}
        streams = _open_protocols(protocol, changes, stop, root)
    named = named_settings(
        statistics=statistics, backend=backend, tasks_per_chunk=tasks_per_chunk
    )
    loading = Loading(
        device=device,
        precision=precision or "fp32",
        settings=(*(settings or ()), *named),
        name=name,
        train_seed=train_seed,
    )
    learner = load_model(what, loading)
    with progress_bars() as progress:
        saved = evaluate_into(
            ResultFolder(out, overwrite, skip_existing),
            learner,
            streams,
            stop=stop,
            progress=progress,
        )
    described = describe_evaluations(saved, until_half_width)
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


def _refuse_with_file(
    changes: dict[str, Any], disjoint: bool, until_half_width: float | None
) -> None:
    given = [f"--{name}" for name, value in changes.items() if value is not None]
    if disjoint:
        given.append("--disjoint")
    if until_half_width is not None:
        given.append("--until-half-width")
    if given:
        raise UserError(
            f"--episodes: a file says which episodes are used. Omit {', '.join(given)}"
        )


def _open_protocols(
    names: list[str] | None,
    changes: dict[str, Any],
    stop: "StopRule | None",
    root: Path | None,
) -> "list[EpisodeStream]":
    from ..evaluate import find_episodes
    from ..protocols.catalogue import find_protocol

    if not names:
        raise UserError(
            "--protocol: is missing, and --episodes is not a file. Choose one: fewbench "
            "protocol list"
        )
    protocols = [find_protocol(name, **changes) for name in dict.fromkeys(names)]
    return [find_episodes(protocol, root, stop) for protocol in protocols]


def _stop_rule(half_width: float, most_episodes: int | None) -> "StopRule":
    from ..stopping import MOST_EPISODES, StopRule

    return StopRule(half_width, most_episodes or MOST_EPISODES)


def _open_file(
    file: Path, protocols: list[str] | None, dataset: str | None, root: Path | None
) -> "EpisodeStream":
    from ...datasets.root import data_root
    from ..protocols.episode_images import stream_of_file
    from ..protocols.episode_reader import read_episodes

    listed = read_episodes(file)
    for protocol in protocols or ():
        if protocol != listed.protocol.name:
            raise UserError(
                f"--protocol: {file} holds the episodes of {listed.protocol.name}, not of "
                f"{protocol}. Omit --protocol"
            )
    stream = stream_of_file(listed, data_root(root), dataset)
    if stream.view.fingerprint != listed.data_fingerprint:
        say(
            f"{file}: was made from another build than the {stream.protocol.dataset} at "
            f"hand. The names of the images are the same, but their pixels or their order "
            f"differ. The result records this."
        )
    return stream
