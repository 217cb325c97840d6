"""What holds for every dataset."""

import re

import pytest

from fewbench.datasets import BUILDERS
from fewbench.datasets.info import DatasetInfo


@pytest.mark.parametrize("info", BUILDERS.values(), ids=BUILDERS)
def test_the_info_of_a_dataset_is_complete(info: DatasetInfo) -> None:
    assert BUILDERS[info.name] is info
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]*", info.name)
    for words in (
        info.title,
        info.licence,
        info.citation,
        info.polarity,
        info.split_scheme,
    ):
        assert words
    assert list(info.splits) == ["train", "val", "test"]
    for source in info.sources:
        assert all(url.startswith("https://") for url in source.urls)
        assert source.record or re.fullmatch(r"[0-9a-f]{32}", source.md5 or "")
        assert source.urls or source.by_hand
    assert info.layouts or info.embedded
    for sha256 in info.reference_sha256.values():
        assert re.fullmatch(r"[0-9a-f]{64}", sha256)
