import pytest
from torch import nn

from fewbench.baselines.gradient.learn2learn_engine import Learn2LearnEngine
from fewbench_tests.engine_checks import EngineChecks

pytest.importorskip("learn2learn", reason="learn2learn is not installed")


class TestLearn2LearnEngine(EngineChecks):
    def engine(self, network: nn.Module) -> Learn2LearnEngine:
        return Learn2LearnEngine(network)
