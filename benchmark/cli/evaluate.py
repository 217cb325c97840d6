"""The command `fewbench evaluate`."""

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

# No allowed number of episodes has this many digits. Python refuses to parse numbers
# with thousands of digits.
_DIGITS_OF_MOST = 20


def evaluate(
    what: LearnerName,
    out: Out,
    protocol: Annotated[
        list[str] | None,
        typer.Option(
            help="Name of a protocol; `fewbench protocol list` shows all. Repeat the option "
            "for several protocols. Each protocol then gives a result."
        ),
    ] = None,
    episodes: Annotated[
        str | None,
        typer.Option(
            metavar="N|FILE",
            help="A number N: use the first N episodes of the protocol. The name of "
            "the result then ends in the number and ep, e.g. -600ep. A path: use the "
            "episodes in this file, which `fewbench protocol export` wrote. Then "
            "--protocol is not needed.",
        ),
    ] = None,
    disjoint: Annotated[
        bool,
        typer.Option(
            "--disjoint",
            help="Use episodes that share no image, as many as the split allows. The "
            "interval then also holds for new images of the same classes.",
        ),
    ] = False,
    until_half_width: Annotated[
        float | None,
        typer.Option(
            parser=points,
            metavar="POINTS",
            help="Stop when the ± is at most this value, e.g. 0.1% (or as a fraction: 0.001). Stop "
            "after 100,000 episodes (or --episodes) in any case, with exit code 1 if "
            "the ± is still larger.",
        ),
    ] = None,
    dataset: OtherBuild = None,
    split: Split = None,
    way: Way = None,
    shot: Shot = None,
    query: Query = None,
    seed: EpisodeSeed = None,
    name: Annotated[
        str | None, typer.Option(help="Name of the learner in tables.")
    ] = None,
    train_seed: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Seed that trained the model of a module:factory. Reports compare "
            "training seeds.",
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="Change a setting of the recipe for this test: key=value, e.g. "
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
        typer.Option("--overwrite", help="Replace an earlier result with this name."),
    ] = False,
    skip_existing: Annotated[
        bool,
        typer.Option(
            "--skip-existing",
            help="Leave out evaluations whose results exist already.",
        ),
    ] = False,
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Score a learner on the episodes of protocols. Save the results in a folder."""
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
    """Return the value of --episodes as a number or as a path. The other one is None.

    Raises UserError if it is neither a number of at least 2 nor an existing file.
    """
    if episodes is None:
        return None, None
    if episodes.isdecimal():
        number = int(episodes[:_DIGITS_OF_MOST])
        if number < 2:
            raise UserError(
                f"--episodes: expected a number of at least 2, got {number}. Type for "
                f"example --episodes 1000"
            )
        return number, None
    path = Path(episodes)
    if not path.is_file():
        raise UserError(
            f"--episodes: '{episodes}' is neither a number nor a file. To write a file "
            f"of episodes: fewbench protocol export NAME --out FILE"
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
            f"--episodes: a file fixes the episodes. Omit {', '.join(given)}"
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
            "--protocol: is missing, and --episodes is not a file. Add --protocol "
            "NAME. To see all names: fewbench protocol list"
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
                f"--protocol: expected {listed.protocol.name}, whose episodes are in "
                f"{file}, got {protocol}. Omit --protocol"
            )
    stream = stream_of_file(listed, data_root(root), dataset)
    if stream.view.fingerprint != listed.data_fingerprint:
        say(
            f"warning: {file} was made from another build of {stream.protocol.dataset} "
            f"than yours. The names of the images are the same, but their pixels or "
            f"their order differ. The result records the hash of your build."
        )
    return stream
