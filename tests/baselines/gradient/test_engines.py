"""Three engines, one gradient: native, learn2learn and higher agree in float64."""

import subprocess
import sys
from pathlib import Path

import pytest

from fewbench.baselines.gradient.higher_engine import HigherEngine
from fewbench.baselines.gradient.learn2learn_engine import Learn2LearnEngine
from fewbench.baselines.gradient.native_engine import NativeEngine
from fewbench_tests.meta_gradients import LOOPS, distance, gradient
from fewbench_tests.meta_tasks import NETWORKS, inner_loop, network, tasks
from fewbench_tests.paths import SUPPORT

LIBRARIES = {"learn2learn": Learn2LearnEngine, "higher": HigherEngine}


@pytest.fixture(params=LIBRARIES)
def library(request: pytest.FixtureRequest):
    pytest.importorskip(request.param, reason=f"{request.param} is not installed")
    return LIBRARIES[request.param]


@pytest.mark.parametrize(("kind", "steps"), LOOPS)
@pytest.mark.parametrize("name", NETWORKS)
def test_meta_gradients_agree(library, name: str, kind: str, steps: int) -> None:
    whole, batch = network(name), tasks(name)
    inner = inner_loop(whole, steps, kind)
    ours = gradient(NativeEngine(whole), whole, batch, inner)
    theirs = gradient(library(whole), whole, batch, inner)
    assert distance(ours[0], theirs[0]) < 1e-12
    assert distance(ours[1], theirs[1]) < 1e-9


@pytest.mark.parametrize("statistics", ["query", "support", "image"])
@pytest.mark.parametrize(("kind", "steps"), [("maml", 1), ("maml", 5), ("anil", 3)])
@pytest.mark.parametrize("name", NETWORKS)
def test_adapted_logits_agree(
    library, name: str, kind: str, steps: int, statistics
) -> None:
    whole, batch = network(name), tasks(name)
    inner = inner_loop(whole, steps, kind)
    ours = NativeEngine(whole).logits(batch, inner, statistics)
    theirs = library(whole).logits(batch, inner, statistics)
    assert not ours.requires_grad
    assert not theirs.requires_grad
    assert distance(ours, theirs) < 1e-9


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
