"""Cut the embedding of all images of a view into tasks.

The images pass through the encoder in the blocks of `baselines.evaluation.features`. A task
is a run of whole blocks. So the features of an image do not depend on how the tasks are cut.
"""

from collections.abc import Iterator, Sequence

from ...baselines.evaluation.feature_rows import FeaturePath, FeatureRows
from .conditions import Conditions
from .model_source import ModelSource
from .place import Place
from .task import Task
from .view_source import ViewSource

# At least so many images are embedded in a task, so that starting it costs little.
IMAGES_PER_TASK = 4096


def feature_tasks(
    model: ModelSource,
    view: ViewSource,
    conditions: Conditions,
    *,
    images_per_task: int = IMAGES_PER_TASK,
    images_per_block: int | None = None,
) -> Iterator[Task]:
    """Yield the tasks that embed all images of a view.

    images_per_task: is rounded up to whole blocks
    images_per_block: the number of images that the learner embeds at a time; None for the
        number that fewbench chooses
    """
    size = images_per_block or view.images_per_block
    step = -(-images_per_task // size) * size
    for start in range(0, view.n_images, step):
        end = min(start + step, view.n_images)
        body = {
            "model": dict(model.identity),
            "view": view.document(),
            "images_per_block": size,
            "start": start,
            "end": end,
        }
        how = {"what": model.what, "loading": dict(model.loading)}
        title = f"embed images {start:,} to {end - 1:,} of {view.dataset} {view.split}"
        yield Task("features", body, conditions, title, how)


def published_rows(tasks: Sequence[Task], place: Place) -> FeatureRows:
    """Open the features that these tasks made: those of all images of a view.

    tasks: in the order of `feature_tasks`
    Raises BaselineError if a file is missing or damaged.
    """
    paths = [FeaturePath(place.file(task)) for task in tasks]
    return FeatureRows.opened(paths)
