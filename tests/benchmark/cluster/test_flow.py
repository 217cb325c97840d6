"""A flow goes from batch to batch."""

from fewbench.benchmark.cluster.flow import OpenFlow
from fewbench_tests.cheap_tasks import cheap_flow


def test_batches_come_one_after_the_other() -> None:
    flow = OpenFlow(0, cheap_flow(0))
    sizes: list[int] = []
    while flow.advance():
        assert flow.has_more
        sizes.append(len(list(flow.batch)))
    assert sizes == [1, 2, 3, 1]
    assert flow.has_ended


def test_nothing_is_left_of_a_flow_that_was_ended() -> None:
    flow = OpenFlow(0, cheap_flow(0))
    flow.advance()
    flow.end()
    assert list(flow.batch) == []
    assert not flow.advance()
