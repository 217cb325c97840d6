import pytest

from fewbench.reports.tables.run_names import plot_names, shortened, shortest_names


def test_in_a_table_the_learner_suffices_if_it_tells_results_apart(make_result):
    results = [make_result(), make_result(learner="centroid", train_seed=1)]

    assert list(shortest_names(results).values()) == ["protonet", "centroid"]


def test_in_a_table_names_get_as_long_as_it_takes(make_result):
    results = [
        make_result(backbone="conv4-64"),
        make_result(backbone="resnet12"),
        make_result(backbone="resnet12", train_seed=7),
    ]

    assert list(shortest_names([*results, results[0]]).values()) == [
        "protonet conv4-64 seed 0",
        "protonet resnet12 seed 0",
        "protonet resnet12 seed 7",
    ]


def test_in_a_table_the_checkpoint_is_the_last_resort(make_result):
    results = [make_result(), make_result(checkpoint_sha256="cd" * 32)]

    names = list(shortest_names(results).values())

    assert names == ["protonet abababab", "protonet cdcdcdcd"]
    assert shortest_names([]) == {}


def test_in_a_plot_learner_and_backbone_always_stand(make_result):
    results = [make_result(), make_result(learner="centroid", backbone="")]

    assert list(plot_names(results).values()) == ["protonet conv4-64", "centroid"]


def test_in_a_plot_results_that_look_alike_are_numbered_within_a_protocol(make_result):
    results = [make_result(), make_result(), make_result(name="other")]

    assert list(plot_names(results).values()) == [
        "protonet conv4-64",
        "protonet conv4-64 (2)",
        "protonet conv4-64",
    ]


def test_in_a_plot_precision_and_seed_stand_where_they_differ(make_result):
    results = [make_result(precision="bf16"), make_result(train_seed=1)]

    assert list(plot_names(results).values()) == [
        "protonet conv4-64 bf16 seed 0",
        "protonet conv4-64 fp32 seed 1",
    ]


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("short", "short"),
        ("a  b\n c", "a b c"),
        ("0123456789abcdef", "0123…bcdef"),
        ("a\u200bb", "ab"),
    ],
)
def test_long_names_lose_their_middle(text, short):
    assert shortened(text, 10) == short
