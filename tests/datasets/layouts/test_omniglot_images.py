import io
from pathlib import Path

import numpy as np
from PIL import Image

from fewbench.datasets.archives.tree import open_tree
from fewbench.datasets.images.origins import counting
from fewbench.datasets.images.resample import resize
from fewbench.datasets.layouts.omniglot_images import read_packed, resized_class


def test_images_are_kept_as_bits_and_counted_when_they_are_resized(
    tmp_path: Path,
) -> None:
    drawn = np.random.default_rng(0).random((2, 105, 105)) < 0.9
    (tmp_path / "a").mkdir()
    members = []
    for i, is_paper in enumerate(drawn):
        file = io.BytesIO()
        Image.fromarray(is_paper).save(file, "PNG")
        (tmp_path / "a" / f"{i}.png").write_bytes(file.getvalue())
        members.append(f"a/{i}.png")
    packed, digest = read_packed(open_tree(tmp_path), {"a": members})
    assert packed["a"][0][0].nbytes == -(-105 * 105 // 8)
    with counting() as origins:
        images = resized_class(packed["a"], "box", 28)
    for image, is_paper in zip(images, drawn, strict=True):
        whole = resize(Image.fromarray(is_paper), (28, 28), "box")
        np.testing.assert_array_equal(image, 255 - whole)
    assert origins.sizes == {"105 x 105": 2}
    whole = resized_class(packed["a"], "lanczos", 105)
    np.testing.assert_array_equal(whole[..., 0], 255 * ~drawn)
    (tmp_path / "a" / "1.png").write_bytes((tmp_path / "a" / "0.png").read_bytes())
    assert read_packed(open_tree(tmp_path), {"a": members})[1] != digest
