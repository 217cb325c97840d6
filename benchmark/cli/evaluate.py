"""fewbench evaluate, probe."""

from pathlib import Path
from typing import Annotated, Any

import typer

from .console import Json, emit, note, progress_bars, table
from .options import (
    Backend,
    Device,
    Out,
    Precision,
    Root,
    TasksPerChunk,
    named_settings,
)
from .percent import points

LearnerName = Annotated[
    str, typer.Argument(help="centroid, a checkpoint, or the folder of a training run.")
]
Statistics = Annotated[
    str | None,
    typer.Option(
        help="Whose images a MAML's batch norm sees: query (transductive), support, image."
    ),
]


def evaluate(
    learner: LearnerName,
    out: Out,
    protocol: Annotated[
        str | None, typer.Option(help="Protocol, see `fewbench protocol list`.")
    ] = None,
    episodes: Annotated[
        str | None,
        typer.Option(
            help="Only so many episodes, which changes the name; or the path of an episode file "
            "from `fewbench protocol export`, which needs no --protocol."
        ),
    ] = None,
    disjoint: Annotated[
        bool,
        typer.Option(
            "--disjoint",
            help="Episodes that share no image, as many as the split has: ± about new images.",
        ),
    ] = False,
    until_half_width: Annotated[
        float | None,
        typer.Option(
            parser=points,
            metavar="POINTS",
            help="Stop once the ± is so small, e.g. 0.1% or 0.001, after 100,000 episodes (or "
            "--episodes) at the latest; exit code 1 if it is larger then.",
        ),
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option(help="Another build, e.g. omniglot-nearest; changes the name."),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="key=value of the recipe, e.g. test_inner_steps=10."
        ),
    ] = None,
    statistics: Statistics = None,
    backend: Backend = None,
    tasks_per_chunk: TasksPerChunk = None,
    precision: Precision = None,
    device: Device = "auto",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a result.")
    ] = False,
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Score a learner on the episodes of a protocol and save the result."""
    number, file = _number_or_file(episodes)
    if file and (disjoint or until_half_width):
        raise typer.BadParameter(
            "a file says which episodes: leave --disjoint and --until-half-width away",
            param_hint="--episodes",
        )
    if file:
        test = _drawn_from(file, protocol, dataset, root)
    else:
        test = _card(protocol, dataset, None if until_half_width else number, disjoint)
    goal = _goal(until_half_width, number)
    from ..evaluate_into import evaluate_run, load

    named = named_settings(
        statistics=statistics, backend=backend, tasks_per_chunk=tasks_per_chunk
    )
    model = load(learner, device, precision or "fp32", [*(settings or []), *named])
    with progress_bars() as progress:
        path, result = evaluate_run(model, test, out, overwrite, (root, progress), goal)
    _say(path, result, until_half_width, as_json)


def probe(
    learner: LearnerName,
    protocol: Annotated[
        str, typer.Option(help="Protocol, see `fewbench protocol list`.")
    ],
    statistics: Statistics = None,
    backend: Backend = None,
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Tell whether a learner's answer to one query image depends on the other query images."""
    from ..evaluate import probe as probe_model
    from ..evaluate_into import load

    model = load(
        learner, "auto", "fp32", named_settings(statistics=statistics, backend=backend)
    )
    found = probe_model(model, protocol, root=root)
    moved = {
        "shuffled": found.shuffled,
        "exchanged": found.exchanged,
        "dropped": found.dropped,
    }
    rows = [["nothing changed", f"{found.repeated:.2g}"]]
    rows += [[f"others {how}", f"{value:.2g}"] for how, value in moved.items()]
    text = table(["query images", "largest move of a score / spread of scores"], rows)
    document = {"transductive": found.transductive, "verdict": found.verdict}
    document |= {"repeated": found.repeated, **moved}
    document = {
        key: None if value != value else value for key, value in document.items()
    }  # NaN
    emit(document, f"{text}\n\n{found.verdict}", as_json)


def _number_or_file(episodes: str | None) -> tuple[int | None, Path | None]:
    """What --episodes means."""
    if episodes is None:
        return None, None
    if episodes.isdecimal():
        number = int(episodes[:20])  # far more than are allowed
        if number < 2:
            raise typer.BadParameter("at least 2", param_hint="--episodes")
        return number, None
    path = Path(episodes)
    if not path.is_file():
        raise typer.BadParameter(
            f"'{episodes}' is neither a number nor a file. Write one: fewbench protocol export "
            f"NAME --out FILE",
            param_hint="--episodes",
        )
    return None, path


def _goal(half_width: float | None, number: int | None) -> Any:
    if half_width is None:
        return None
    from ..stopping import MOST_EPISODES, Goal

    return Goal(half_width, number or MOST_EPISODES)


def _card(
    protocol: str | None, dataset: str | None, number: int | None, disjoint: bool
) -> Any:
    from ..protocols.catalogue import find_protocol

    if protocol is None:
        raise typer.BadParameter(
            "needed, unless --episodes is a file; see `fewbench protocol list`",
            param_hint="--protocol",
        )
    return find_protocol(
        protocol, dataset=dataset, n_episodes=number, disjoint=disjoint
    )


def _drawn_from(
    file: Path, protocol: str | None, dataset: str | None, root: Path | None
) -> Any:
    from ...datasets.root import data_root
    from ..protocols.episode_files import draw_file, read_episodes

    listed = read_episodes(file)
    if protocol and protocol != listed.protocol.name:
        raise typer.BadParameter(
            f"{file} holds the episodes of {listed.protocol.name}, not of {protocol}: leave "
            f"--protocol away",
            param_hint="--protocol",
        )
    drawn = draw_file(listed, data_root(root), dataset)
    if drawn.view.fingerprint != listed.data_fingerprint:
        note(
            f"{file}: was made from another build than the {drawn.protocol.dataset} at hand: the "
            f"names of the images are the same, their pixels or order are not. The result says so."
        )
    return drawn


def _say(path: Path, result: Any, half_width: float | None, as_json: bool) -> None:
    from ...reports.tables.accuracy import Cell
    from ...reports.tables.other_classes import beyond
    from ...reports.tables.printed import to_text

    interval, others = (
        Cell.of(result).interval,
        beyond(result),
    )  # a single episode has neither
    document = {"path": str(path), **_summary(result, interval, others)}
    seconds = ", ".join(
        f"{stage} {value:.1f} s" for stage, value in result.seconds.items()
    )
    text = to_text([result])
    if others:
        text += (
            f"\nabout other classes than these {others.n:,}: {100 * others.low:.2f} to "
            f"{100 * others.high:.2f} % (95 % interval, {others.kind})\n"
        )
    text += f"\n{seconds}\nwrote {path}"
    reached = half_width is None or bool(interval and interval.half_width <= half_width)
    if half_width and interval:
        document["reached"] = reached
        text += f"\n{_verdict(interval, half_width, reached)}"
    emit(document, text, as_json)
    if not reached:
        raise typer.Exit(1)


def _verdict(interval: Any, half_width: float, reached: bool) -> str:
    stopped = (
        f"stopped after {interval.n:,} episodes: ± {100 * interval.half_width:.3g} %"
    )
    if reached:
        return f"{stopped}, wanted {100 * half_width:.3g} %"
    needed = round(interval.n * (interval.half_width / half_width) ** 2, -2)
    return (
        f"{stopped}, not the wanted {100 * half_width:.3g} %, which may take some {needed:,.0f}: "
        f"--episodes N --overwrite"
    )


def _summary(result: Any, interval: Any, others: Any) -> dict[str, Any]:
    names = ("mean", "low", "high", "half_width", "level", "kind")
    limits = {name: getattr(interval, name, None) for name in names}
    about = ("low", "high", "level", "kind", "n")
    return {
        "protocol": result.protocol.name,
        **{
            name: getattr(result, name)
            for name in ("learner", "transductive", "partial")
        },
        **limits,
        "mean": interval.mean if interval else result.mean,
        "n_episodes": result.protocol.n_episodes,
        "other_classes": {name: getattr(others, name) for name in about}
        if others
        else None,
        "episodes_fingerprint": result.episodes_fingerprint,
        "seconds": result.seconds,
    }
