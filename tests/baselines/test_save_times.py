from fewbench.baselines.save_times import SECONDS_BETWEEN_SAVES, SaveTimes


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_run_is_saved_at_intervals_and_before_long_work() -> None:
    clock = Clock()
    times = SaveTimes(clock)
    assert not times.is_due()
    clock.now += SECONDS_BETWEEN_SAVES - 10
    assert not times.is_due()
    assert not times.is_due(coming=9)
    assert times.is_due(coming=10)
    clock.now += 10
    assert times.is_due()
    times.measure(lambda: None)
    assert not times.is_due()


def test_slow_saves_take_one_percent_of_the_time() -> None:
    clock = Clock()
    times = SaveTimes(clock)

    def save() -> None:
        clock.now += 30

    times.measure(save)
    clock.now += 2999
    assert not times.is_due()
    clock.now += 1
    assert times.is_due()
