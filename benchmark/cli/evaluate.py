"""The command `fewbench evaluate`."""

from typing import Annotated

import typer

from fewbench.errors import UserError

from . import completion
from .console import emit, progress_bars
from .episode_choice import EpisodeChoice
from .going_on import going_on
from .image_options import (
    BatchSize,
    Invert,
    Mean,
    Size,
    Std,
    Transform,
    preparation_of,
)
from .options import (
    Backend,
    Device,
    EpisodeSeed,
    FeaturesMember,
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
    TestSettings,
    Way,
    named_settings,
)
from .percent import points
from .weights_options import (
    Backbone,
    Drop,
    Head,
    Width,
    say_weights,
    weights_choice,
)


def evaluate(
    what: LearnerName,
    out: Out,
    protocol: Annotated[
        list[str] | None,
        typer.Option(
            help="Name of a protocol; `fewbench protocol list` shows all. Repeat the option "
            "for several protocols. Each protocol then gives a result.",
            autocompletion=completion.protocols,
        ),
    ] = None,
    episodes: Annotated[
        str | None,
        typer.Option(
            metavar="N|FILE",
            help="A number N: use the first N episodes of the protocol. The protocol's "
            "name in the result then ends in -Nep, e.g. -600ep. A path: use the "
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
            help="Stop when the ± is at most this value, e.g. 0.1% (or as a fraction: 0.001). If "
            "the ± is still larger after 100,000 episodes, or after --episodes N, stop with "
            "exit code 1.",
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
            help="The seed that your module:factory model was trained with. Reports compare "
            "training seeds.",
        ),
    ] = None,
    settings: TestSettings = None,
    backbone: Backbone = None,
    width: Width = None,
    head: Head = None,
    drop: Drop = None,
    size: Size = None,
    transform: Transform = None,
    mean: Mean = None,
    std: Std = None,
    invert: Invert = False,
    batch_size: BatchSize = None,
    features: FeaturesMember = None,
    statistics: Statistics = None,
    backend: Backend = None,
    tasks_per_chunk: TasksPerChunk = None,
    precision: Precision = None,
    device: Device = "auto",
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Replace existing results of the same name."),
    ] = False,
    skip_existing: Annotated[
        bool,
        typer.Option(
            "--skip-existing",
            help="Skip evaluations whose results exist already.",
        ),
    ] = False,
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Score a learner on one or more protocols. Save the results in a folder."""
    from ..evaluate_into import ResultFolder, evaluate_into
    from ..models import Loading, load_model
    from ..preparing import prepared_stream
    from ..stored_model import as_embedded, refuse_preparation
    from .describe_evaluation import describe_evaluations

    if overwrite and skip_existing:
        raise UserError(
            "--overwrite and --skip-existing: expected one of them, got both. Keep "
            "--overwrite to replace existing results, or --skip-existing to keep them"
        )
    choice = EpisodeChoice(
        protocols=tuple(protocol or ()),
        episodes=episodes,
        half_width=until_half_width,
        disjoint=disjoint,
        changes={
            "dataset": dataset,
            "split": split,
            "way": way,
            "shot": shot,
            "query": query,
            "seed": seed,
        },
    )
    streams, stop = choice.open(root)
    named = named_settings(
        statistics=statistics, backend=backend, tasks_per_chunk=tasks_per_chunk
    )
    preparation = preparation_of(size, transform, mean, std, invert)
    refuse_preparation(what, preparation)
    streams = [prepared_stream(stream, preparation) for stream in streams]
    loading = Loading(
        device=device,
        precision=precision or "fp32",
        settings=(*(settings or ()), *named),
        name=name,
        train_seed=train_seed,
        batch_size=batch_size,
        features=features,
        weights=weights_choice(backbone, width, head, drop),
        image_shape=streams[0].view.image_shape,
    )
    learner = load_model(what, loading)
    streams = as_embedded(learner, streams)
    say_weights(learner.card)
    # What is saved already stays, unless it is to be replaced.
    option = "" if overwrite else "--skip-existing"
    with going_on(option), progress_bars() as progress:
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
