from hypothesis import given
from hypothesis import strategies as st

from fewbench.datasets.inspection.evenly_spread import evenly_spread


def test_names_from_the_whole_range_are_taken() -> None:
    names = [str(number) for number in range(10)]

    assert evenly_spread(names, 4) == ["0", "2", "5", "7"]


@given(st.integers(0, 300), st.integers(1, 300))
def test_each_name_is_taken_once_and_in_order(n_names: int, most: int) -> None:
    names = [f"{number:03}" for number in range(n_names)]

    taken = evenly_spread(names, most)

    assert len(taken) == min(n_names, most)
    assert taken == sorted(set(taken))
