from fewbench.baselines.evaluation.embed_again import EmbeddedAgain
from fewbench.baselines.evaluation.findings import Findings
from fewbench.baselines.evaluation.probe import Probe


def test_the_worst_probe_decides() -> None:
    calm = Probe(0, 0, 0, 0)
    random = Probe(1, 0, 0, 0)
    depends = Probe(0, 1, 0, 0)
    assert Findings((calm, random, depends), True, True).worst is depends
    assert Findings((calm, random), True, True).worst is random
    assert Findings((calm,), True, True).worst is calm


def test_features_that_change_are_chance_too() -> None:
    calm = Probe(0, 0, 0, 0)
    same = EmbeddedAgain(16, 0.0, 1e-3, None, distinct=True)
    changed = EmbeddedAgain(16, 0.5, 1e-3, 0.5, distinct=False)
    assert Findings((calm,), True, True).deterministic
    assert Findings((calm,), True, True).distinct is None
    assert Findings((calm,), True, True, same).deterministic
    assert not Findings((calm,), True, True, changed).deterministic
    assert Findings((calm,), True, True, changed).distinct is False
