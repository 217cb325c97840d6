"""A task of the kind "features": its model is the one it says, and is loaded once."""

import sys
from pathlib import Path

import pytest

from fewbench.benchmark.cluster.conditions import Conditions
from fewbench.benchmark.cluster.feature_tasks import feature_tasks
from fewbench.benchmark.cluster.features_task import embeds_nothing
from fewbench.benchmark.cluster.model_source import ModelSource
from fewbench.benchmark.cluster.place import Place
from fewbench.benchmark.cluster.view_source import ViewSource
from fewbench.benchmark.cluster.worker import do_task
from fewbench_tests.stored import source_of


def test_a_model_that_became_another_one_is_refused(
    module: str,
    view_source: ViewSource,
    glyphs_root: Path,
    conditions: Conditions,
    tmp_path: Path,
) -> None:
    what = f"{module}:encoder"
    source = source_of(what, view_source, glyphs_root)
    (task,) = feature_tasks(source, view_source, conditions, images_per_task=10**6)
    del sys.modules[module]
    text = (tmp_path / f"{module}.py").read_text()
    (tmp_path / f"{module}.py").write_text(text.replace("seed(0)", "seed( 1 )"))
    outcome = do_task(task, Place(tmp_path / "work", glyphs_root))
    assert outcome.state == "failed"
    assert "gave a model with other weights when it was loaded again" in outcome.reason


def test_a_process_loads_a_model_once_for_many_tasks(
    view_source: ViewSource,
    glyphs_root: Path,
    conditions: Conditions,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = source_of("centroid", view_source, glyphs_root)
    loaded: list[str] = []
    load = ModelSource.load

    def counted(self: ModelSource, *arguments: object) -> object:
        loaded.append(self.what)
        return load(self, *arguments)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(ModelSource, "load", counted)
    place = Place(tmp_path / "work", glyphs_root)
    for task in feature_tasks(source, view_source, conditions, images_per_task=2000):
        assert do_task(task, place).state == "done"
    assert loaded == ["centroid"]


def test_a_model_of_whole_episodes_has_no_features() -> None:
    text = str(embeds_nothing("m:f"))
    assert text.startswith("m:f: cannot be embedded")
    assert text.endswith("fewbench evaluate m:f --protocol NAME --out DIR")
