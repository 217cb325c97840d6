import pytest

from fewbench.reports.networks import same_network


@pytest.mark.parametrize(
    ("published", "ours", "expected"),
    [
        ("conv4-64", "conv4-64", True),
        ("conv4-64", "conv4-32", False),
        ("conv4-6", "conv4-64", False),
        ("conv4", "conv4-64", True),
        ("conv4", "conv4-strided-64", False),
        ("conv4-strided-64", "conv4-strided-64", True),
        ("conv4-64", "conv4-strided-64", False),
        ("conv4", "", False),
        ("", "", False),
        ("", "conv4-64", False),
        ("resnet12", "resnet12-64", True),
        ("my", "my-net", False),
    ],
)
def test_networks_are_the_same_by_kind_and_width(
    published: str, ours: str, expected: bool
) -> None:
    assert same_network(published, ours) == expected
