from pathlib import Path

from fewbench.benchmark.cli.describe_build import (
    built_text,
    info_document,
    info_text,
    is_resampled_variant,
    state_document,
    state_row,
)
from fewbench.datasets import BUILDERS
from fewbench.datasets.build import Build

MANIFEST = {
    "partial": True,
    "form": "folders",
    "resampling": "lanczos",
    "checks": ["sizes"],
    "splits": {"test": {"n_classes": 2, "n_images": 1500, "content_sha256": "ab"}},
}


def test_variants_of_a_filter_are_told_from_datasets() -> None:
    assert is_resampled_variant(BUILDERS["miniimagenet-lanczos"])
    assert not is_resampled_variant(BUILDERS["miniimagenet"])
    assert not is_resampled_variant(BUILDERS["omniglot-nearest"])


def test_a_build_counts_what_it_holds() -> None:
    info = BUILDERS["omniglot"]
    assert state_row(info, None)[1:3] == ["not built", "1028/172/423"]
    assert state_row(BUILDERS["glyphs"], None)[1] == "embedded"
    row = state_row(info, MANIFEST)
    assert row[1:5] == ["partial", "0/0/2", "1,500", ""]
    document = state_document(info, MANIFEST)
    assert document["classes"] == {"train": 0, "val": 0, "test": 2}
    assert document["built"]
    assert document["partial"]


def test_a_dataset_is_shown_with_its_layouts_and_the_command_that_builds_it() -> None:
    info = BUILDERS["tieredimagenet"]
    text = info_text(info, None)
    assert text.count("builds from    ") == len(info.layouts)
    assert text.endswith("not built: fewbench data build tieredimagenet")
    assert info_document(info)["forms"] == list(info.layouts)
    assert info_document(BUILDERS["glyphs"])["sources"] == ["embedded"]
    assert "from folders; pixels: lanczos" in info_text(info, MANIFEST)


def test_a_partial_build_is_not_called_the_real_dataset() -> None:
    text = built_text(Build(Path("d"), MANIFEST, True), from_source=True)
    assert text.startswith("already built (the source was not read; to build")
    assert "PARTIAL: not the real dataset, in d\n" in text
    assert "  checked: sizes" in text
