import torch

from fewbench.baselines.device.machine import machine_facts


def test_the_facts_are_those_of_torch() -> None:
    facts = machine_facts()

    assert facts["threads"] == str(torch.get_num_threads())
    assert facts["instruction_set"] == torch.backends.cpu.get_cpu_capability()
    assert all(facts.values())
