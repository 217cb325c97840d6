"""Long meta-trainings leave no memory behind, whatever library runs the inner loop."""

import subprocess
import sys
from pathlib import Path

import pytest

from fewbench_tests.paths import SUPPORT

LONG_RUN = """
import sys
sys.path.insert(0, {support!r})
import torch
from fewbench_tests.meta_tasks import inner_loop, network, tasks
from fewbench.baselines.gradient.{module} import {engine}

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096

whole = network("conv4-strided", torch.float32)
batch = tasks("conv4-strided", n_tasks=1, dtype=torch.float32)
engine, inner = {engine}(whole), inner_loop(whole, 2)
adam = torch.optim.Adam(whole.parameters(), 1e-3)
for step in range(260):
    if step == 60:
        before = resident()
    adam.zero_grad()
    engine.backward(batch, inner)
    adam.step()
print(resident() - before)
"""


@pytest.mark.skipif(
    not Path("/proc/self/statm").exists(), reason="resident memory: Linux only"
)
@pytest.mark.parametrize(
    ("module", "engine"),
    [
        ("native_engine", "NativeEngine"),
        ("learn2learn_engine", "Learn2LearnEngine"),
        ("higher_engine", "HigherEngine"),
    ],
)
def test_two_hundred_meta_steps_leave_no_memory_behind(
    module: str, engine: str
) -> None:
    """A graph that stays would be 1 MB a step, 200 MB in all."""
    if module != "native_engine":
        name = module.removesuffix("_engine")
        pytest.importorskip(name, reason=f"{name} is not installed")
    support = str(SUPPORT)
    code = LONG_RUN.format(support=support, module=module, engine=engine)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[-1]) < 8 * 2**20
