from fewbench.benchmark.cli.describe import result_document, result_label
from fewbench.reports.stats.intervals import result_interval
from fewbench_tests.made_results import build_result


def test_a_result_is_named_in_one_line() -> None:
    plain = build_result(backbone="")
    assert result_label(plain) == "protonet fp32 seed 0 on glyphs-5w1s"
    marked = build_result(transductive=True, partial=True)
    assert result_label(marked) == "protonet conv4-64 fp32 seed 0 on glyphs-5w1s †‡"


def test_a_result_is_documented_with_its_interval() -> None:
    result = build_result()
    document = result_document(result, 0.9)
    interval = result_interval(result, 0.9)
    assert document["learner"] == "protonet"
    assert (document["low"], document["high"]) == (interval.low, interval.high)
    assert document["level"] == 0.9
