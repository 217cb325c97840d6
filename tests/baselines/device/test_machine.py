import torch

from fewbench.baselines.device.machine import gpu_facts, machine_facts
from fewbench_tests.cuda import NEEDS_CUDA


def test_the_facts_are_those_of_torch() -> None:
    facts = machine_facts()

    assert facts["threads"] == str(torch.get_num_threads())
    assert facts["instruction_set"] == torch.backends.cpu.get_cpu_capability()
    assert all(facts.values())


def test_a_gpu_is_named_where_there_is_one() -> None:
    assert ("gpu" in machine_facts()) == torch.cuda.is_available()


@NEEDS_CUDA
def test_a_gpu_is_named_with_its_libraries() -> None:
    words = gpu_facts()
    assert words == machine_facts()["gpu"]
    assert words.startswith(torch.cuda.get_device_name())
    assert f"CUDA {torch.version.cuda}" in words
