from importlib.util import find_spec

import pytest
from torch import nn

from fewbench.baselines.gradient.learn2learn_engine import Learn2LearnEngine
from fewbench_tests.engine_checks import EngineChecks

# Importing it takes seconds, and only the process that runs these tests needs it.
pytestmark = pytest.mark.skipif(
    find_spec("learn2learn") is None, reason="learn2learn is not installed"
)


class TestLearn2LearnEngine(EngineChecks):
    def engine(self, network: nn.Module) -> Learn2LearnEngine:
        return Learn2LearnEngine(network)
