from dataclasses import replace

import numpy as np
import pytest

from fewbench.benchmark.protocols.listing import PROTOCOLS
from fewbench.benchmark.verification.data_checks import check_data, data_standing
from fewbench.benchmark.verification.load import with_standing
from fewbench.datasets import BUILDERS
from fewbench_tests.honest_results import build_honest
from fewbench_tests.made_results import build_result

MINI = build_honest(name="miniimagenet-5w1s", dataset="miniimagenet")


def outcomes(result) -> list[str]:
    return [check.outcome for check in check_data(with_standing(result))]


def test_the_reference_build_is_known_by_its_hash() -> None:
    for info in BUILDERS.values():
        for split in info.splits:
            protocol = replace(MINI.protocol, dataset=info.name, split=split)
            reference = info.reference_sha256.get(split)
            expected = "reference" if reference else "no reference"
            assert data_standing(protocol, reference or "") == expected
            assert data_standing(protocol, "x") != "reference"


def test_what_is_known_of_each_dataset_is_compared() -> None:
    assert outcomes(build_honest()) == ["passed", "passed", "not possible"]
    assert outcomes(MINI) == ["not possible", "passed", "passed"]
    large = replace(MINI.protocol, dataset="miniimagenet@224")
    assert outcomes(replace(MINI, protocol=large)) == outcomes(MINI)
    other = build_honest(data_fingerprint="x")
    assert outcomes(other) == ["not possible", "passed", "not possible"]
    assert outcomes(replace(other, partial=True)) == ["not possible"] * 3
    unknown = build_result(dataset="bars")
    assert outcomes(unknown) == ["not possible"] * 3


@pytest.mark.parametrize(
    ("names", "outcome"),
    [
        (MINI.class_names, "passed"),
        (np.array([f"class {c}" for c in range(20)]), "not possible"),
        (np.array(["n01930112"] * 20), "failed"),
        (np.array(["n01532829", *MINI.class_names[1:]]), "failed"),  # a training class
    ],
)
def test_the_names_are_those_of_the_split(names, outcome) -> None:
    *_, check = check_data(with_standing(replace(MINI, class_names=names)))
    assert check.outcome == outcome


def test_a_dataset_that_fewbench_does_not_know_is_of_own_images() -> None:
    protocol = replace(PROTOCOLS["glyphs-5w1s"], name="mine-5w1s", dataset="mine")
    assert data_standing(protocol, "0" * 64) == "own"
