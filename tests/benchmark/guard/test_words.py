from fewbench.benchmark.guard.words import accuracy, percent, points, signed


def test_numbers_in_words() -> None:
    assert accuracy(0.98406) == "98.41 %"
    assert points(-0.0052) == "0.52 points"
    assert signed(-0.0052, -0.008, 0.0001) == "-0.52 points [-0.80, +0.01]"
    assert percent(0.05) == "5 %"
    assert percent(0.0025) == "0.25 %"
