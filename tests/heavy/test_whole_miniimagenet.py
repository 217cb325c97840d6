"""The whole of miniImageNet from a folder of three zips: two minutes on two cores."""

from pathlib import Path

import pytest

from fewbench.datasets import BUILDERS
from fewbench.datasets.build import build
from fewbench.datasets.info import Request
from fewbench.datasets.inspection.identify import identify

# The test images as 84 px JPEGs. Measured with Pillow 12.3, from the unpacked folder.
SHA256 = {
    "train": "b4ef76488bdc50f68db6b1347a74c4baf303d1dd5b01e8c55b2fda45be8f5da5",
    "val": "cad58b7c842d4837d4bdc2908ca8d29ca2c8908028212d8643378bcd102888d8",
    "test": "bc7969c0dea9d1ab354ebde6bb8d17fa962e6f1fd9db77d2ededf19ab0f28e00",
}


@pytest.fixture(scope="module")
def source(shared_data: Path) -> Path:
    folder = shared_data / "miniimagenet"
    if not folder.is_dir():
        pytest.skip("needs miniimagenet/{train,val,test}.zip in $FEWBENCH_TEST_DATA")
    return folder


def test_a_folder_of_three_zips_gives_the_content_of_the_unpacked_folder(
    source: Path, tmp_path: Path
) -> None:
    built = build(BUILDERS["miniimagenet"], tmp_path, Request(source))
    for split, sha256 in SHA256.items():
        assert built.manifest["splits"][split]["content_sha256"] == sha256
    assert not built.manifest["partial"]


def test_identify_knows_the_folder_and_says_how_to_build_it(source: Path) -> None:
    [found] = identify(source).values()
    assert found.what == "100 of 100 classes of miniImageNet, with Ravi's file names"
    assert found.shape == "84 x 84, in 2,000 of 60,000 images that were looked at"
    assert found.advice == f"fewbench data build miniimagenet --source {source}"
