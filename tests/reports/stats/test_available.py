from fewbench.reports.stats.available import available_interval
from fewbench.reports.stats.class_bootstrap import class_bootstrap
from fewbench.reports.stats.intervals import episodes_t


def test_the_interval_is_the_one_that_the_protocol_asks_for(make_result):
    result = make_result()

    assert available_interval(result) == episodes_t(result.accuracies)
    assert available_interval(result, class_bootstrap) == class_bootstrap(result)


def test_a_single_episode_has_no_interval(make_result):
    result = make_result(n_episodes=1)

    assert available_interval(result) is None
    assert available_interval(result, class_bootstrap) is None
