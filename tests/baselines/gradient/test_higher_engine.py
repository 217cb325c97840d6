import pytest
from torch import nn

from fewbench.baselines.gradient.higher_engine import HigherEngine
from fewbench_tests.engine_checks import EngineChecks

pytest.importorskip("higher", reason="higher is not installed")


class TestHigherEngine(EngineChecks):
    def engine(self, network: nn.Module) -> HigherEngine:
        return HigherEngine(network)
