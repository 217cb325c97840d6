from dataclasses import replace

import numpy as np
import pytest

from fewbench.benchmark.protocols import rebuild
from fewbench.benchmark.protocols.rebuild import (
    classes_digest,
    draw_classes,
    rebuild_episodes,
)
from fewbench.datasets.info import DataError
from fewbench.reports.records import RunResult
from fewbench_tests.honest_results import build_honest


def honest(**changes) -> RunResult:
    return build_honest(n_episodes=9, n_query=3, **changes)


@pytest.mark.parametrize(
    "changes",
    [{}, {"rotations": True}, {"task_rotations": True}, {"sampling": "disjoint"}],
)
def test_episodes_are_those_of_the_evaluation(changes, monkeypatch) -> None:
    result = honest(**changes)
    rebuilt = rebuild_episodes(result)
    assert rebuilt.fingerprint == result.episodes_fingerprint
    assert rebuilt.classes_sha256 == classes_digest(result.classes)
    np.testing.assert_array_equal(draw_classes(result), result.classes)
    # In parts of two episodes, they are the same.
    monkeypatch.setattr(rebuild, "_INDICES_PER_PART", 2 * 5 * 4)
    rebuild._rebuilt.cache_clear()
    assert rebuild_episodes(result) == rebuilt


def test_the_images_in_use_are_counted() -> None:
    rebuilt = rebuild_episodes(honest(sampling="disjoint"))
    assert rebuilt.n_used == 9 * 5 * 4
    assert rebuilt.n_images == 2340
    assert rebuilt.most == 117 * 5 // 5
    assert rebuild_episodes(honest(rotations=True)).n_images == 4 * 2340


def test_listed_episodes_cannot_be_drawn() -> None:
    result = honest()
    listed = replace(result, protocol=replace(result.protocol, sampling="listed"))
    with pytest.raises(DataError, match="come from a file"):
        rebuild_episodes(listed)
