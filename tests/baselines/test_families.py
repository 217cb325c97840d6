import sys
from pathlib import Path

import pytest

from fewbench.baselines.families import (
    BACKENDS,
    BASELINES,
    BASELINES_ON_BACKENDS,
    class_on_backend,
    learner_class,
)
from fewbench.baselines.gradient.maml import MAML
from fewbench.baselines.learner import BaselineError
from fewbench.baselines.metric.protonet import ProtoNet
from fewbench.baselines.metric.protonet_learn2learn import Learn2LearnProtoNet


def test_every_baseline_is_offered_natively_and_listed() -> None:
    assert set(BACKENDS["native"]) == set(BASELINES)
    assert all(set(names) <= set(BASELINES) for names in BACKENDS.values())
    for learner, backend in BASELINES_ON_BACKENDS:
        assert learner in BACKENDS[backend]


def test_a_learner_is_found_by_its_name_and_backend() -> None:
    assert learner_class("anil") is MAML
    assert class_on_backend("protonet", "native") is ProtoNet
    assert class_on_backend("protonet", "learn2learn") is Learn2LearnProtoNet
    assert class_on_backend("maml", "higher") is MAML


@pytest.mark.parametrize(
    ("name", "backend", "said"),
    [
        ("protonett", "native", "unknown learner 'protonett'.*Did you mean 'protonet'"),
        ("protonet", "higher", "--backend higher: cannot run protonet"),
        ("no_such_module:Mine", "native", "cannot import no_such_module"),
        ("json:JSONDecoder", "native", "expected a subclass of TrainedLearner"),
        ("json:Nothing", "native", "expected a subclass of TrainedLearner"),
        ("fewbench_tests.own_learners.ridge:Ridge", "higher", "expected one of native"),
    ],
)
def test_a_learner_that_is_not_there_gets_a_sentence(
    name: str, backend: str, said: str
) -> None:
    with pytest.raises(BaselineError, match=said):
        class_on_backend(name, backend)


def test_a_class_in_the_working_folder_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own_of_this_test.py").write_text(
        "from fewbench.baselines.metric.protonet import ProtoNet\n"
        "class Own(ProtoNet):\n    pass\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    name = "own_of_this_test:Own"
    # Somebody else may have written a checkpoint that names a class.
    with pytest.raises(BaselineError, match="If you trust that file.*PYTHONPATH"):
        learner_class(name, search_here=False)
    assert issubclass(learner_class("own_of_this_test:Own"), ProtoNet)
