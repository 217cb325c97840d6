from dataclasses import replace

import pytest

from fewbench.reports.protocol import EvalProtocol

PROTOCOL = EvalProtocol(
    name="glyphs-5w1s",
    dataset="glyphs",
    split="test",
    n_way=5,
    n_shot=1,
    n_query=15,
    n_episodes=10,
    seed=0,
)


def test_queries_are_counted_over_all_classes() -> None:
    assert PROTOCOL.queries_per_episode == 75


def test_the_hash_is_of_everything_but_the_name() -> None:
    assert PROTOCOL.sha256 == replace(PROTOCOL, name="mine").sha256
    assert PROTOCOL.sha256 != replace(PROTOCOL, seed=1).sha256
    # It stands in results, so it never changes.
    assert PROTOCOL.sha256[:16] == "3cde97c78eb4bb07"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"n_way": 1}, "expected 2 to 256, see --way"),
        ({"n_way": 257}, "expected 2 to 256, see --way"),
        ({"n_shot": 0}, "expected at least 1, see --shot"),
        ({"n_query": -1}, "expected at least 1, see --query"),
        ({"n_episodes": 0}, "expected at least 1, see --episodes"),
        ({"seed": -1}, "expected 0 to 18446744073709551615, see --seed"),
    ],
)
def test_a_number_out_of_range_names_the_option(
    changes: dict[str, int], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        replace(PROTOCOL, **changes)


def test_the_largest_numbers_are_allowed() -> None:
    assert replace(PROTOCOL, n_way=256, seed=2**63).n_way == 256
    assert replace(PROTOCOL, n_way=2, n_shot=1, seed=0).n_way == 2
