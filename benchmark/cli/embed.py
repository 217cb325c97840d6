"""The command `fewbench embed`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fewbench.documents import counted, in_lines

from .console import emit, progress_bars, say
from .going_on import going_on
from .image_options import (
    BatchSize,
    Invert,
    Mean,
    Size,
    Std,
    Transform,
)
from .options import (
    Device,
    FeaturesMember,
    Json,
    LearnerName,
    Precision,
    Root,
    TestSettings,
)
from .weights_options import Backbone, Drop, Width, say_weights
from .worker_options import Ray, Threads, Workers, choose_executor

if TYPE_CHECKING:
    from ..cluster.embed_into import EmbedWork
    from ..feature_file import FeatureFile


def embed(
    what: LearnerName,
    dataset: Annotated[
        str,
        typer.Option(help="Name of the dataset. `fewbench data list` shows all."),
    ],
    split: Annotated[
        str, typer.Option(help="Split to embed as a whole: train, val or test.")
    ] = "test",
    rotations: Annotated[
        bool | None,
        typer.Option(
            "--rotations/--no-rotations",
            help="Embed the rotated images too, or not. Default: as the protocols of the "
            "dataset need.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the features. Default: a folder in the cache, see `fewbench "
            "cache list`."
        ),
    ] = None,
    workers: Workers = None,
    ray: Ray = None,
    threads: Threads = 1,
    images_per_task: Annotated[
        int,
        typer.Option(
            min=1,
            help="Number of images in a task, which a worker does as a whole. It does not "
            "change the features.",
        ),
    ] = 4096,
    name: Annotated[
        str | None, typer.Option(help="Name of the learner in tables.")
    ] = None,
    train_seed: Annotated[
        int | None,
        typer.Option(
            min=0, help="The seed that your module:factory model was trained with."
        ),
    ] = None,
    settings: TestSettings = None,
    backbone: Backbone = None,
    width: Width = None,
    drop: Drop = None,
    size: Size = None,
    transform: Transform = None,
    mean: Mean = None,
    std: Std = None,
    invert: Invert = False,
    batch_size: BatchSize = None,
    features: FeaturesMember = None,
    precision: Precision = None,
    device: Device = "auto",
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Embed all images of a split once. Then `fewbench evaluate features:FOLDER` reads them."""
    from ...baselines.device.threads import fixed_threads
    from ..cluster.embedding import EmbedRequest, open_embedding

    weights: dict[str, Any] = {
        "backbone": backbone,
        "width": width,
        "drop": list(drop or ()),
    }
    loading: dict[str, Any] = {
        "device": device,
        "precision": precision or "fp32",
        "settings": list(settings or ()),
        "name": name,
        "train_seed": train_seed,
        "batch_size": batch_size,
        "features": features,
        "weights": weights,
    }
    preparation = {
        "size": size,
        "transform": transform,
        "mean": mean and list(mean),
        "std": std and list(std),
        "invert": invert or None,
    }
    chosen = {key: value for key, value in preparation.items() if value is not None}
    request = EmbedRequest(
        what, dataset, split, rotations, loading, chosen or None, threads
    )
    with fixed_threads(threads):
        embedding = open_embedding(request, root)
        say_weights(embedding.learner.card)
        from ..cluster.embed_into import EmbedWork
        from ..cluster.place import Place
        from ..feature_cache import FeatureCache

        cache = FeatureCache.of_user()
        folder = out or cache.entry_folder(embedding.id)
        place = Place(folder.absolute(), root)
        work = EmbedWork.of(embedding, place, images_per_task)
        with going_on(), cache.using(folder):
            file = work.existing()
            is_new = file is None
            if file is None and out is None:
                for entry in cache.make_room(embedding.id, embedding.n_bytes):
                    say(f"removed from the cache: {entry.folder}")
            if file is None:
                file = _embed(work, workers, ray, threads)
    document, text = described(folder, file, is_new)
    emit(document, text, as_json)


def _embed(
    work: "EmbedWork", workers: int | None, ray: str | None, threads: int
) -> "FeatureFile":
    """Embed what is missing, with progress on stderr."""
    executor = choose_executor(
        work.place, workers, ray, threads, n_tasks=len(work.tasks)
    )
    n_images = len(work.embedding.view)
    with progress_bars() as progress:

        def show(summary: Any) -> None:
            done = n_images * summary.n_finished // len(work.tasks)
            progress("embed", done, n_images)

        return work.do(executor, show)


def described(
    folder: Path, file: "FeatureFile", is_new: bool
) -> tuple[dict[str, Any], str]:
    """Describe stored features as a JSON document and as text.

    is_new: whether this command embedded them
    """
    from ..cluster.embed_into import evaluate_command

    images = file.images
    command = evaluate_command(folder)
    document = {
        "folder": str(folder),
        "id": file.id,
        "new": is_new,
        "learner": file.card.name,
        "dataset": images.dataset,
        "split": images.split,
        "n_images": images.n_images,
        "rotations": images.rotations,
        "checks": {
            "order": file.checks.order,
            "determinism": file.checks.determinism,
            "distinct": file.checks.distinct,
        },
        "command": command,
    }
    verb = "embedded" if is_new else "embedded before:"
    lines = [
        f"{verb} {counted(images.n_images, 'image')} of {images.dataset} {images.split} "
        f"with {file.card.name}",
        *_remarks(document["checks"]),
        f"features are in {folder}",
        f"To evaluate them: {command}",
    ]
    return document, in_lines(lines)


def _remarks(checks: dict[str, bool | None]) -> list[str]:
    meanings = {
        "order": "images got other features among other images, so the features depend on "
        "how images are put together",
        "determinism": "the same images got other features when they were embedded again",
        "distinct": "all images have the same features",
    }
    return [
        f"Note: {meaning}"
        for check, meaning in meanings.items()
        if checks[check] is False
    ]
