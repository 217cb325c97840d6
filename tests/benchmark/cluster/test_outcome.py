"""What became of an attempt: it travels from a worker process to the driver."""

import pickle

from fewbench.benchmark.cluster.outcome import Outcome


def test_an_outcome_arrives_as_it_was_sent() -> None:
    sent = Outcome("ab", "failed", "out of memory", {"work": 1.5})
    assert pickle.loads(pickle.dumps(sent)) == sent
    assert sent.conditions is None
