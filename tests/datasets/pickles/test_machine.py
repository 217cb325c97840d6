"""What a pickle builds, and what it may name."""

import collections
import os
import pickle
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from fewbench.datasets.info import DataError
from fewbench.datasets.pickles.errors import Forbidden, Unexpected
from fewbench.datasets.pickles.machine import Machine
from fewbench.datasets.pickles.payloads import PickleFile
from fewbench.datasets.pickles.reader import read_pickle
from fewbench_tests.pickled import (
    PROTOCOLS,
    loaded,
    pixels,
    ranged,
)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_shared_values_are_shared_again(protocol: int) -> None:
    inner, array = [1], pixels(400)
    data = pickle.dumps([inner, inner, array, array, {"again": inner}], protocol)
    with ranged(data) as byte_range:
        value = read_pickle(byte_range)

    assert isinstance(value, list)
    assert value[0] is value[1] is value[4]["again"]
    assert value[2] is value[3]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_list_and_a_dict_may_hold_themselves(protocol: int) -> None:
    outer: dict = {"list": []}
    outer["list"] += [outer, outer["list"], "x" * 1000]
    with ranged(pickle.dumps(outer, protocol)) as byte_range:
        value = read_pickle(byte_range)

    assert isinstance(value, dict)
    assert value["list"][0] is value
    assert value["list"][1] is value["list"]
    assert value["list"][2] == "x" * 1000


def test_lists_doubled_through_the_memo_cost_nothing() -> None:
    doubled = b"".join(b"0]q%c(h%ch%ce" % (i, i - 1, i - 1) for i in range(1, 60))
    with ranged(b"]q\0" + doubled + b".") as byte_range:
        value = read_pickle(byte_range)

    assert isinstance(value, list)
    assert value[0] is value[1]


class Call:
    """Pickles as a call of `function` with `args`."""

    def __init__(self, function: object, *args: object) -> None:
        self.reduced = function, args

    def __reduce__(self) -> tuple:
        return self.reduced


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    ("value", "name"),
    [
        (Call(os.system, "touch pwned"), "posix.system"),
        (Call(eval, "open('pwned', 'w')"), r"(builtins|__builtin__).eval"),
        (Call(np.load, "x.npy", None, True), "numpy.load"),
        (Call(getattr, "x", "upper"), r"(builtins|__builtin__).getattr"),
        (Call(bytearray, b"x"), r"(builtins|__builtin__).bytearray"),
        (Path("x"), "pathlib.PosixPath"),
        (collections.Counter("ab"), "collections.Counter"),
        (os.system, "posix.system"),
    ],
)
def test_read_pickle_refuses_to_call(
    value: object,
    name: str,
    protocol: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    data = pickle.dumps([1, value], protocol)

    with pytest.raises(
        DataError, match=rf"cache\.pkl.* at byte [\d,]+: .*the name {name}\b"
    ) as error:
        loaded(data)

    assert "may run code" in str(error.value)
    assert "fewbench refuses" in str(error.value)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def machine() -> Iterator[Machine]:
    with ranged(b"") as data:
        yield Machine(PickleFile(data, None), shared={7})


def test_only_shared_values_are_kept(machine: Machine) -> None:
    machine.push_list([1])
    machine.store(7)
    machine.store(8)
    machine.fetch(7)

    first, second = machine.stack.take_many(2)
    assert first is second
    with pytest.raises(Unexpected) as caught:
        machine.fetch(8)
    assert caught.value.got == "8"


def test_containers_are_filled_on_top_of_the_stack(machine: Machine) -> None:
    machine.push_dict([b"a", 1])
    machine.update(["b", (), None, 2])
    machine.push_list([])
    machine.extend([3, 4])

    assert machine.stack.take_many(2) == [{b"a": 1, "b": (), None: 2}, [3, 4]]


@pytest.mark.parametrize("key", [(), 2**32, -(2**32), 1.5])
def test_other_keys_than_short_ones_are_refused(machine: Machine, key: object) -> None:
    machine.push_dict([2**32 - 1, 0])
    with pytest.raises(Unexpected, match="small integer as key"):
        machine.update([key, 1])


def test_many_containers_are_refused(machine: Machine) -> None:
    items: list[object] = [0] * 2**23
    machine.push_tuple(items)
    with pytest.raises(Unexpected, match="at most 16,777,216 items"):
        machine.push_list(items)


@pytest.mark.parametrize(
    ("module", "name"),
    [("os", "system"), ("numpy", "load"), ("numpy", b"dtype"), (None, "dtype")],
)
def test_other_names_are_forbidden(
    machine: Machine, module: object, name: object
) -> None:
    machine.push_name("numpy", "dtype")
    with pytest.raises(Forbidden):
        machine.push_name(module, name)
