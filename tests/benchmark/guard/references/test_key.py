import pytest

from fewbench.benchmark.guard.references.key import Key, Machine
from fewbench_tests.guarded import MACHINE, made


def test_a_key_is_that_of_the_result() -> None:
    result = made(recipe={"backend": "higher"}, precision="bf16")

    key = Key.of(result, "mine")

    assert (key.name, key.backend, key.precision) == ("mine", "higher", "bf16")
    assert (key.protocol, key.protocol_sha256) == (
        result.protocol.name,
        result.protocol.sha256,
    )
    assert Key.of(made(), "mine").backend == ""


def test_machines_are_equal_if_everything_is_known_and_equal() -> None:
    machine = Machine.of(made())

    assert machine.differences(machine) == []
    for name, value in MACHINE.items():
        other = Machine.of(made(environment=MACHINE | {name: "7"}))
        words = name.replace("_", " ")
        assert machine.differences(other) == [f"{words} 7 there, {value} here"]
    assert machine.differences(Machine.of(made(device="cuda"))) == [
        "device cuda there, cpu here"
    ]


def test_an_old_result_is_of_another_machine() -> None:
    old = Machine.of(made(environment={"torch": "2.6.0"}))

    assert old.differences(old) == [
        "processor unknown",
        "instruction set unknown",
        "threads unknown",
    ]


@pytest.mark.parametrize("text", ["9" * 5000, "a\nerror: type x", "\x1b" * 1000])
def test_a_strangers_circumstances_are_kept_short_and_on_one_line(text: str) -> None:
    names = ("processor", "instruction_set", "threads", "torch")
    result = made(environment=dict.fromkeys(names, text), recipe={"backend": text})

    machine = Machine.of(result)

    assert machine.threads == 0
    for line in (machine.processor, machine.torch, Key.of(result, "mine").backend):
        assert line.isprintable()
        assert len(line) <= 1000


def test_another_gpu_is_another_machine() -> None:
    here = Machine.of(made(device="cuda", environment=MACHINE | {"gpu": "one kind"}))
    there = Machine.of(made(device="cuda", environment=MACHINE | {"gpu": "another"}))
    assert here.differences(there) == ["device cuda another there, cuda one kind here"]
    # What a CPU computes does not depend on the GPU beside it.
    beside = Machine.of(made(environment=MACHINE | {"gpu": "one kind"}))
    assert not beside.differences(Machine.of(made()))
