"""Finished values are plain, keep their sharing, and hold nothing half-made."""

import numpy as np
import pytest

from fewbench.datasets.pickles.arrays import StoredArray
from fewbench.datasets.pickles.errors import Unexpected
from fewbench.datasets.pickles.finishing import Finisher
from fewbench.datasets.pickles.numpy_calls import AllowedName, PickledDtype
from fewbench.datasets.pickles.payloads import Payload, PickleFile
from fewbench_tests.pickled import ranged


def test_long_strings_are_read_wherever_they_are() -> None:
    with ranged(b"<long>") as data:
        string = Payload(PickleFile(data, None), 1, 4, "utf-8", is_text=True)
        value = [string, (string, 1), {"key": string}]

        assert Finisher().finished(value) == ["long", ("long", 1), {"key": "long"}]


def test_lists_and_dicts_stay_the_same_objects() -> None:
    inner: list[object] = [1]
    value: list[object] = [inner, inner]
    value.append(value)

    finished = Finisher().finished(value)

    assert finished is value
    assert value[0] is value[1] is inner


def test_a_filled_array_stays_and_an_empty_one_is_refused() -> None:
    array = StoredArray()
    with pytest.raises(Unexpected, match="an array without data"):
        Finisher().finished([array])
    array.fill(np.dtype("u1"), (2,), b"ab", fortran=False)
    assert Finisher().finished([array]) == [array]


@pytest.mark.parametrize("value", [PickledDtype("u1"), AllowedName("ndarray"), {1, 2}])
def test_half_made_values_are_refused(value: object) -> None:
    with pytest.raises(Unexpected, match="plain values and arrays"):
        Finisher().finished({"key": (value,)})


def test_nesting_is_bounded() -> None:
    value: object = []
    for _ in range(64):
        value = [value]
    assert Finisher().finished(value) is value
    with pytest.raises(Unexpected, match="64 levels"):
        Finisher().finished([value])


def test_long_strings_are_bounded_together() -> None:
    with ranged(bytes(40 * 2**20)) as data:
        file = PickleFile(data, None)
        strings = [Payload(file, 0, 40 * 2**20, "raw", is_text=False) for _ in "ab"]

        with pytest.raises(Unexpected, match="at most 67,108,864 bytes"):
            Finisher().finished(strings)
