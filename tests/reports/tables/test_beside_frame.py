from fewbench.benchmark.published_numbers import published_numbers
from fewbench.reports.published import pairs_beside
from fewbench.reports.tables.beside_frame import beside_frame, beside_published
from fewbench_tests.made_results import build_result


def test_each_pair_has_a_row_with_unrounded_fractions() -> None:
    result = build_result(0.98, name="omniglot-5w1s", dataset="omniglot")
    pairs = pairs_beside([result], published_numbers())

    frame = beside_frame(pairs, 0.01)

    assert frame["published_id"].tolist() == [pair.published.id for pair in pairs]
    assert set(frame["ours"]) == {result.mean}
    assert set(frame["backbone"]) >= {"conv4-64 (64-d)"}
    assert beside_published([result], published_numbers()).equals(frame)
