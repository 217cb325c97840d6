"""Embedding in tasks: the same features, however they are cut."""

from pathlib import Path

import numpy as np

from fewbench.baselines.evaluation.features import Features
from fewbench.benchmark.cluster.conditions import Conditions
from fewbench.benchmark.cluster.feature_tasks import feature_tasks, published_rows
from fewbench.benchmark.cluster.place import Place
from fewbench.benchmark.cluster.view_source import ViewSource
from fewbench.benchmark.cluster.worker import do_task
from fewbench_tests.progress import no_progress
from fewbench_tests.stored import embedding_learner, source_of


def test_the_features_are_those_of_one_process_however_tasks_are_cut(
    module: str,
    view_source: ViewSource,
    glyphs_root: Path,
    conditions: Conditions,
    tmp_path: Path,
) -> None:
    what = f"{module}:encoder"
    view = view_source.open(glyphs_root)
    everything = np.arange(len(view))
    features = Features(embedding_learner(what), view)
    expected = features.table(everything, no_progress).at(everything)
    source = source_of(what, view_source, glyphs_root)
    for images_per_task in (1, 300, 10**6):
        tasks = list(
            feature_tasks(
                source, view_source, conditions, images_per_task=images_per_task
            )
        )
        place = Place(tmp_path / str(images_per_task), glyphs_root)
        for task in reversed(tasks):
            outcome = do_task(task, place)
            assert outcome.state == "done", outcome.reason
        rows = published_rows(tasks, place).at(everything)
        assert rows.tobytes() == expected.numpy().tobytes()
    first = next(feature_tasks(source, view_source, conditions, images_per_task=1))
    assert (first.body["start"], first.body["end"]) == (0, 128)
    assert first.title == "embed images 0 to 127 of glyphs val"
