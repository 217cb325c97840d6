from pathlib import Path

import pytest

from fewbench.benchmark.protocols.drawing import protocol_spec
from fewbench.benchmark.protocols.listing import (
    OWN,
    PROTOCOLS,
    all_protocols,
    protocol_on_added,
)
from fewbench.datasets import BUILDERS
from fewbench.datasets.added.add import OwnImages, add
from fewbench_tests.own_images import write_classes


def test_the_catalogue_is_frozen() -> None:
    """A protocol that was published is never edited: add a new name instead."""
    shapes = {
        name: (
            p.dataset,
            p.split,
            p.n_way,
            p.n_shot,
            p.n_query,
            p.n_episodes,
            p.seed,
            p.rotations,
        )
        for name, p in OWN.items()
    }
    assert shapes == {
        "glyphs-5w1s": ("glyphs", "test", 5, 1, 15, 10_000, 0, False),
        "glyphs-5w5s": ("glyphs", "test", 5, 5, 15, 10_000, 0, False),
        "glyphs-20w1s": ("glyphs", "test", 20, 1, 15, 10_000, 0, False),
        "glyphs-20w5s": ("glyphs", "test", 20, 5, 15, 10_000, 0, False),
        "omniglot-5w1s": ("omniglot", "test", 5, 1, 15, 10_000, 0, True),
        "omniglot-5w5s": ("omniglot", "test", 5, 5, 15, 10_000, 0, True),
        "omniglot-20w1s": ("omniglot", "test", 20, 1, 15, 10_000, 0, True),
        "omniglot-20w5s": ("omniglot", "test", 20, 5, 15, 10_000, 0, True),
        "miniimagenet-5w1s": ("miniimagenet", "test", 5, 1, 15, 10_000, 0, False),
        "miniimagenet-5w5s": ("miniimagenet", "test", 5, 5, 15, 10_000, 0, False),
        "miniimagenet-20w1s": ("miniimagenet", "test", 20, 1, 15, 10_000, 0, False),
        "miniimagenet-20w5s": ("miniimagenet", "test", 20, 5, 15, 10_000, 0, False),
        "tieredimagenet-5w1s": ("tieredimagenet", "test", 5, 1, 15, 10_000, 0, False),
        "tieredimagenet-5w5s": ("tieredimagenet", "test", 5, 5, 15, 10_000, 0, False),
        "tieredimagenet-20w1s": ("tieredimagenet", "test", 20, 1, 15, 10_000, 0, False),
        "tieredimagenet-20w5s": ("tieredimagenet", "test", 20, 5, 15, 10_000, 0, False),
    }
    for protocol in OWN.values():
        assert not protocol.transductive
        assert (protocol.interval, protocol.sampling) == ("episodes-t", "independent")
        assert not protocol.task_rotations
        assert protocol.adaptation_steps is None


@pytest.mark.parametrize("name", PROTOCOLS)
def test_every_protocol_fits_its_dataset(name: str) -> None:
    protocol = PROTOCOLS[name]
    counts = BUILDERS[protocol.dataset].splits[protocol.split]
    assert protocol.n_way <= counts.n_classes
    assert (
        protocol_spec(protocol).images_per_class <= counts.n_images / counts.n_classes
    )


def test_added_datasets_have_protocols_like_any_other(tmp_path: Path) -> None:
    sizes = {f"test/class-{number}": 2 for number in range(6)}
    write_classes(tmp_path / "photos", sizes)
    root = tmp_path / "root"
    add("mine", OwnImages(tmp_path / "photos", size=16), root)
    added = {name: one for name, one in all_protocols(root).items() if name not in OWN}
    mine = {name: one for name, one in added.items() if one.dataset == "mine"}
    assert list(mine) == ["mine-5w1s", "mine-5w5s"]
    assert mine["mine-5w1s"] == protocol_on_added("mine-5w1s")
    assert list(all_protocols(tmp_path / "nothing")) == list(PROTOCOLS)


def test_only_names_of_added_datasets_are_protocols_on_them() -> None:
    found = protocol_on_added("my-birds-3w2s")
    assert found is not None
    assert (found.dataset, found.n_way, found.n_shot) == ("my-birds", 3, 2)
    assert (found.n_query, found.n_episodes, found.seed) == (15, 10_000, 0)
    for name in (
        "glyphs-3w2s",
        "my-birds",
        "my-birds-1w2s",
        "My-5w1s",
        "a-5w0s",
        "omniglot@105-5w1s",
    ):
        assert protocol_on_added(name) is None
