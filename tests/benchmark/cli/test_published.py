import json

from fewbench.benchmark.published_numbers import published_numbers


def test_all_numbers_are_listed_and_words_narrow_them_down(run) -> None:
    everything = json.loads(run("published", "--json").stdout)["published"]
    assert len(everything) == len(published_numbers())
    few = json.loads(run("published", "MAML", "omniglot-5w1s", "--json").stdout)
    ids = {one["id"] for one in few["published"]}
    assert "maml-finn17-omni-5w1s" in ids
    assert len(ids) < len(everything)
    assert {(one["dataset"], one["way"], one["shot"]) for one in few["published"]} == {
        ("omniglot", 5, 1)
    }


def test_a_line_has_the_number_its_half_width_and_its_paper(run) -> None:
    header, line = run("published", "maml-finn17-omni-5w1s").stdout.splitlines()
    assert header.split() == [
        "id", "learner", "network", "protocol", "accuracy", "±", "paper",
    ]  # fmt: skip
    assert line.split()[:6] == [
        "maml-finn17-omni-5w1s", "maml", "conv4-strided-64", "omniglot-5w1s", "98.70", "0.4",
    ]  # fmt: skip
    assert line.endswith("Finn et al. ICML 2017, Table 1")


def test_words_that_nothing_has_are_named(run) -> None:
    error = run("published", "maml", "imagined", code=2).stderr
    assert "published maml imagined: no published number has all of these" in error
