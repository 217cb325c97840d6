"""Three engines, one gradient: native, learn2learn and higher agree in float64."""

import pytest
from torch import nn

from fewbench.baselines.gradient.higher_engine import HigherEngine
from fewbench.baselines.gradient.inner_loop import Engine, Statistics
from fewbench.baselines.gradient.learn2learn_engine import Learn2LearnEngine
from fewbench.baselines.gradient.native_engine import NativeEngine
from fewbench_tests.meta_gradients import LOOPS, Loop, distance, gradient, pairs_of
from fewbench_tests.meta_tasks import NETWORKS, inner_loop, network, tasks

LIBRARIES = {"learn2learn": Learn2LearnEngine, "higher": HigherEngine}


FEW_LOOPS: list[Loop] = [("maml", 1), ("maml", 5), ("anil", 3)]
STATISTICS: tuple[Statistics, ...] = ("query", "support", "image")


def engine_of(library: str, whole: nn.Module) -> Engine:
    pytest.importorskip(library, reason=f"{library} is not installed")
    return LIBRARIES[library](whole)


@pytest.mark.parametrize(
    ("library", "name", "loop"), pairs_of(list(NETWORKS), LOOPS, list(LIBRARIES))
)
def test_meta_gradients_agree(library: str, name: str, loop: Loop) -> None:
    whole, batch = network(name), tasks(name)
    kind, steps = loop
    inner = inner_loop(whole, steps, kind)
    ours = gradient(NativeEngine(whole), whole, batch, inner)
    theirs = gradient(engine_of(library, whole), whole, batch, inner)
    assert distance(ours[0], theirs[0]) < 1e-12
    assert distance(ours[1], theirs[1]) < 1e-9


@pytest.mark.parametrize(
    ("library", "name", "loop"), pairs_of(list(NETWORKS), FEW_LOOPS, list(LIBRARIES))
)
def test_adapted_logits_agree(library: str, name: str, loop: Loop) -> None:
    """Each network and each loop meets all statistics in turn."""
    turn = list(NETWORKS).index(name) + FEW_LOOPS.index(loop)
    statistics = STATISTICS[turn % len(STATISTICS)]
    whole, batch = network(name), tasks(name)
    kind, steps = loop
    inner = inner_loop(whole, steps, kind)
    ours = NativeEngine(whole).logits(batch, inner, statistics)
    theirs = engine_of(library, whole).logits(batch, inner, statistics)
    assert not ours.requires_grad
    assert not theirs.requires_grad
    assert distance(ours, theirs) < 1e-9
