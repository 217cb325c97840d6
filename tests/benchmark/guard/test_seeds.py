import datetime

from hypothesis import given
from hypothesis import strategies as st

from fewbench.benchmark.guard.seeds import seeds_of

DAY = datetime.date(2026, 11, 26)


def test_the_seeds_of_a_date_never_change() -> None:
    assert seeds_of(DAY, 2) == [860030635, 640126016]


@given(date=st.dates(), n=st.integers(0, 5), first=st.integers(0, 5))
def test_seeds_are_in_range_and_continue(date, n, first) -> None:
    seeds = seeds_of(date, n, first)

    assert seeds == seeds_of(date, first + n)[first:]
    assert all(10 <= seed < 2**31 for seed in seeds)


def test_a_year_has_no_seed_twice() -> None:
    days = [DAY + datetime.timedelta(k) for k in range(365)]
    seeds = [seed for day in days for seed in seeds_of(day, 3)]

    assert len(set(seeds)) == len(seeds)
