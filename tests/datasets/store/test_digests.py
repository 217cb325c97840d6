"""The hashes never change: recorded ones would no longer match."""

import hashlib

import numpy as np

from fewbench.datasets.store.digests import ContentDigest, class_digest

IMAGES = np.arange(8, dtype=np.uint8).reshape(2, 2, 2, 1)


def test_a_class_is_its_names_and_pixels() -> None:
    expected = hashlib.sha256(b'["a", "1", "2"]\n' + bytes(range(8))).hexdigest()
    assert class_digest("a", ("1", "2"), IMAGES) == expected
    not_contiguous = np.asfortranarray(IMAGES)
    assert class_digest("a", ("1", "2"), not_contiguous) == expected
    assert class_digest("a", ("2", "1"), IMAGES) != expected


def test_a_split_is_its_shape_and_its_classes() -> None:
    digest = ContentDigest((2, 2, 2, 1))
    digest.add("a", ("1", "2"), IMAGES)
    head = b"[2, 2, 2, 1]\n"
    pixels = bytes(range(8))
    content = head + b'["a", "1", "2"]\n' + pixels
    assert digest.hexdigest() == hashlib.sha256(content).hexdigest()
    nameless = head + b'["a", 2]\n' + pixels
    assert digest.pixels() == hashlib.sha256(nameless).hexdigest()


def test_image_names_do_not_count_in_the_hash_of_the_pixels() -> None:
    one = ContentDigest((2, 2, 2, 1))
    other = ContentDigest((2, 2, 2, 1))
    one.add("a", ("1", "2"), IMAGES)
    other.add("a", ("x", "y"), IMAGES)
    assert one.pixels() == other.pixels()
    assert one.hexdigest() != other.hexdigest()
