"""What decides the features of a model."""

from pathlib import Path

from fewbench.benchmark.cluster.identity import fixed_images, identity_of
from fewbench.benchmark.cluster.view_source import ViewSource
from fewbench_tests.stored import embedding_learner


def test_the_identity_is_that_of_all_that_decides_the_features(
    module: str, view_source: ViewSource, glyphs_root: Path
) -> None:
    view = view_source.open(glyphs_root)
    one = identity_of(embedding_learner(f"{module}:encoder"), view)
    assert one == identity_of(embedding_learner(f"{module}:encoder"), view)
    centroid = identity_of(embedding_learner("centroid"), view)
    assert centroid["weights_sha256"] is None
    assert centroid["features_sha256"] != one["features_sha256"]
    # What the images become before the encoder sees them counts too.
    document = view_source.document() | {"preparation": {"invert": True}}
    inverted = ViewSource.parsed(document).open(glyphs_root)
    other = identity_of(embedding_learner(f"{module}:encoder"), inverted)
    assert other["weights_sha256"] == one["weights_sha256"]
    assert other["features_sha256"] != one["features_sha256"]
    # These images are part of what an identity means, so they never change.
    images = fixed_images((28, 28, 1))
    assert images.shape == (64, 28, 28, 1)
    assert images[0, 0, :5, 0].tolist() == GOLDEN


GOLDEN = [22, 160, 164, 254, 237]
