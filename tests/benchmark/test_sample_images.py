from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fewbench.benchmark.protocols.catalogue import find_protocol
from fewbench.benchmark.protocols.stream import protocol_view
from fewbench.benchmark.sample_images import (
    class_samples,
    evaluated_view,
    split_sheets,
)
from fewbench.reports.records import RunResult
from fewbench_tests.made_results import build_result


@pytest.fixture
def result(glyphs_root: Path) -> RunResult:
    """A result that was scored on the build at hand."""
    view = protocol_view(find_protocol("glyphs-5w1s"), glyphs_root)
    return build_result(split="test", data_fingerprint=view.fingerprint)


def test_classes_are_shown_by_their_first_images(
    glyphs_root: Path, result: RunResult
) -> None:
    view = protocol_view(find_protocol("glyphs-5w1s"), glyphs_root)
    last = view.class_names[-1]

    samples = class_samples(glyphs_root, result, [last, "no such class"])

    assert list(samples) == [last]
    indices = view.class_images(view.n_classes - 1)[:5]
    np.testing.assert_array_equal(samples[last], view.images(indices))


def test_another_build_is_not_shown_in_its_place(
    glyphs_root: Path, tmp_path: Path, result: RunResult
) -> None:
    other = replace(result, data_fingerprint="another build")
    absent = replace(result, protocol=replace(result.protocol, dataset="omniglot"))
    unknown = replace(result, protocol=replace(result.protocol, dataset="bars"))
    assert evaluated_view(result, glyphs_root) is not None
    for one in (other, absent, unknown):
        assert evaluated_view(one, glyphs_root) is None
        assert class_samples(glyphs_root, one, ["class 0"]) == {}
    assert split_sheets([other, absent, unknown], glyphs_root) == {}


def test_each_split_has_one_sheet(glyphs_root: Path, result: RunResult) -> None:
    again = replace(result, learner="maml")
    sheets = split_sheets([result, again], glyphs_root)
    ((caption, png),) = sheets.items()
    assert caption.endswith(": test classes")
    assert png.startswith(b"\x89PNG")
