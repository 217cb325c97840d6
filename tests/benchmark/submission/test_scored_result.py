from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fewbench.benchmark.submission.check import check_submission
from fewbench.benchmark.submission.scored_result import counts_text, read_counts
from fewbench.benchmark.submission.verdict import verdict_on
from fewbench_tests.made_bundles import pack, two_seeds


def test_the_hits_are_counted_by_class(tmp_path: Path) -> None:
    result = two_seeds()[0]

    verdict = verdict_on(check_submission(pack(tmp_path)))
    [scored, _] = verdict.results

    hits = read_counts(scored.classes.hits)
    queries = read_counts(scored.classes.queries)
    names = verdict.class_names[result.protocol.name]
    for index, name in enumerate(result.class_names):
        is_class = result.classes == index
        assert names[index] == name
        assert hits[index] == result.hits[is_class].sum()
        assert queries[index] == 3 * is_class.sum()


@given(st.lists(st.integers(0, 10**9), min_size=1))
def test_counts_are_read_as_they_were_written(counts: list[int]) -> None:
    assert read_counts(counts_text(np.array(counts))).tolist() == counts
