import pytest
import torch

from fewbench.baselines.device.choose import (
    device_facts,
    resolve_device,
    resolve_precision,
)
from fewbench.baselines.learner import BaselineError


def test_devices_and_precisions_are_resolved_or_refused() -> None:
    cpu = torch.device("cpu")
    assert resolve_device("cpu") == cpu
    assert resolve_device("auto").type in ("cpu", "cuda")
    assert resolve_precision("bf16", cpu) == "bf16"
    assert resolve_precision("auto", cpu) in ("fp32", "bf16")
    assert resolve_precision("auto", torch.device("cuda")) == "fp32"
    with pytest.raises(BaselineError, match="--device tpu: unknown device"):
        resolve_device("tpu")
    with pytest.raises(BaselineError, match="--precision fp8: unknown precision"):
        resolve_precision("fp8", cpu)


@pytest.mark.skipif(torch.cuda.is_available(), reason="a CUDA device is present")
def test_cuda_without_a_device_gets_a_sentence() -> None:
    with pytest.raises(BaselineError, match="finds no CUDA device"):
        resolve_device("cuda")


def test_the_facts_of_this_machine_are_those_that_auto_resolves_to() -> None:
    device = resolve_device("auto")
    facts = device_facts()
    assert facts["precision auto"] == resolve_precision("auto", device)
    assert facts["threads"] == str(torch.get_num_threads())
    assert (facts["device auto"] == "cpu") == (device.type == "cpu")
