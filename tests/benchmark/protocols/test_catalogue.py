from typing import Any

import pytest

from fewbench.benchmark.protocols.catalogue import check_episodes, find_protocol
from fewbench.datasets.info import DataError


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"way": 2, "seed": 7}, "glyphs-5w1s-2way-seed7"),
        ({"shot": 3, "query": 4}, "glyphs-5w1s-3shot-4query"),
        ({"split": "val", "n_episodes": 9}, "glyphs-5w1s-val-9ep"),
        ({"query": 2, "disjoint": True}, "glyphs-5w1s-2query-disjoint"),
    ],
)
def test_a_varied_protocol_says_in_its_name_what_differs(
    changes: dict[str, Any], name: str
) -> None:
    assert find_protocol("glyphs-5w1s", **changes).name == name


@pytest.mark.parametrize(
    "changes", [{"way": 1}, {"shot": 0}, {"query": -1}, {"seed": -1}, {"way": 300}]
)
def test_values_out_of_range_get_a_sentence(changes: dict[str, Any]) -> None:
    with pytest.raises(
        DataError, match=r"glyphs-5w1s: cannot be varied like this: .*, see --"
    ):
        find_protocol("glyphs-5w1s", **changes)


def test_an_unknown_protocol_gets_the_nearest() -> None:
    with pytest.raises(DataError, match="Did you mean 'omniglot-5w1s'") as raised:
        find_protocol("omniglot-5w1")
    assert "fewbench protocol list" in str(raised.value)
    assert str(raised.value).count("w") < 20  # not all 40 of them
    with pytest.raises(DataError, match="unknown dataset 'Omniglot'"):
        find_protocol("omniglot-5w1s", dataset="Omniglot")


def test_more_episodes_than_memory_holds_are_refused() -> None:
    check_episodes(1_000_000)
    check_episodes(None)
    with pytest.raises(DataError, match="at most 1,000,000.*got 1,000,001"):
        check_episodes(1_000_001)
