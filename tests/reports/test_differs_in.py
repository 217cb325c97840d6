from dataclasses import replace

import pytest

from fewbench.reports.differs_in import differences
from fewbench.reports.published import pairs_beside
from fewbench.reports.tables.beside_frame import beside_published
from fewbench_tests.published_rows import find, omniglot


@pytest.mark.parametrize(
    ("card", "told"),
    [
        ({}, "rotations as classes, ours not rotated"),
        ({"rotations": True}, None),
        (
            {"task_rotations": True},
            "rotations as classes, ours each class of an episode rotated",
        ),
    ],
)
def test_rotations_are_part_of_what_differs(make_result, card, told):
    theirs = find(id="protonet-snell17-omni-5w1s")

    (pair,) = pairs_beside([omniglot(make_result, **card)], theirs)

    differs = "; ".join(pair.differs_in)
    assert told in differs if told else "rotat" not in differs
    (unstated,) = pairs_beside(
        [omniglot(make_result)], [replace(theirs[0], rotations=None)]
    )
    assert "rotations unstated" in unstated.differs_in


def test_differences_in_the_protocol_are_stated(make_result):
    maml = find(id="maml-finn17-omni-5w1s")
    result = omniglot(
        make_result,
        recipe={"learner": "maml"},
        backbone="conv4-strided-64",
        partial=True,
    )

    (pair,) = pairs_beside([result], maml)
    row = beside_published([result], maml).iloc[0]

    expected = (
        "1 query a class, ours 15",
        "transductive, ours not",
        "split random-1200-423-rot",
    )
    assert set(expected) <= set(pair.differs_in)
    assert "ours on incomplete data" in row["differs_in"]
    assert (row["margin"], row["published"], row["published_half_width"]) == (
        0.01,
        0.987,
        0.004,
    )


def test_a_result_and_a_number_that_are_not_paired_can_be_compared(make_result):
    [theirs] = find(id="maml-finn17-omni-5w1s")

    said = differences(omniglot(make_result), theirs)

    assert "1 query a class, ours 15" in said
