"""Images of equal pixels are found within a split and between splits."""

from fewbench.datasets.inspection.equal_images import EqualImages, split_key
from fewbench.datasets.store.split_store import SplitStore


def test_a_split_given_twice_equals_itself_image_by_image(
    bars: dict[str, SplitStore],
) -> None:
    """The same images are the same class here, so the twin counts as another one."""
    val = bars["val"]
    found = EqualImages([val, val], None)
    within = found.duplicates(0, 0, 5)
    between = found.duplicates(0, 1, 5)
    assert within.count == 0
    assert between.count == len(val)
    assert len(between.pairs) == 5
    assert all(first == second for first, second in between.pairs)
    assert between.pairs[0][0].startswith(f"{split_key(val)}/{val.class_names[0]}/")
