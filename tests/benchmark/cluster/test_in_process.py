"""The executor that starts no process."""

from pathlib import Path

from fewbench.benchmark.cluster.conditions import Conditions
from fewbench.benchmark.cluster.feature_tasks import feature_tasks
from fewbench.benchmark.cluster.in_process import InProcess
from fewbench.benchmark.cluster.place import Place
from fewbench.benchmark.cluster.view_source import ViewSource
from fewbench_tests.stored import source_of


def test_tasks_are_done_one_after_the_other(
    view_source: ViewSource,
    glyphs_root: Path,
    conditions: Conditions,
    tmp_path: Path,
) -> None:
    place = Place(tmp_path / "work", glyphs_root)
    source = source_of("centroid", view_source, glyphs_root)
    tasks = list(feature_tasks(source, view_source, conditions, images_per_task=3000))
    with InProcess(place) as executor:
        for task in tasks:
            executor.submit(task)
        (first,) = executor.finished(0.0)
        assert (first.task_id, first.state) == (tasks[0].id, "done")
        assert [place.is_done(task) for task in tasks] == [True, False]
        (second,) = executor.finished(0.0)
        assert second.task_id == tasks[1].id
        assert executor.finished(0.0) == []
