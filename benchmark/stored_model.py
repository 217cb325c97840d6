"""Load `features:FOLDER`: a model of which only stored features are left."""

import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from fewbench.documents import shown
from fewbench.files import file_digest

from ..baselines.device.choose import resolve_device
from ..baselines.evaluation.feature_rows import FeaturePath, FeatureRows
from ..baselines.evaluation.stored_features import StoredIn
from ..baselines.evaluation.stored_learner import (
    HEADS,
    AskedBefore,
    Head,
    StoredLearner,
)
from ..baselines.learner import BaselineError, Learner, LearnerCard
from ..baselines.named_transform import NamedTransform
from ..baselines.preparation import Preparation
from ..baselines.weights.choice import WeightsChoice
from .feature_cache import FeatureCache, use_as_long_as
from .feature_file import EmbeddedImages, FeatureFile, FeaturePart, read_feature_file
from .preparing import prepared_stream
from .protocols.stream import EpisodeStream

if TYPE_CHECKING:
    from .models import Loading

FEATURES = "features:"


def load_stored(what: str, loading: "Loading") -> StoredLearner:
    """Load the learner of a folder with stored features.

    what: features:FOLDER
    Raises BaselineError if the folder is damaged, or if a value in `loading` cannot change
    features that are computed already.
    """
    folder = Path(what.removeprefix(FEATURES))
    # Nothing is removed from the cache while it is read.
    with FeatureCache.of_user().using(folder):
        return _load_stored(what, folder, loading)


def _load_stored(what: str, folder: Path, loading: "Loading") -> StoredLearner:
    file = read_feature_file(folder)
    _refuse_options(what, loading)
    head = _head(what, file, loading.weights.head)
    images = file.images
    asked = AskedBefore(
        file.checks.order, file.checks.determinism, file.checks.distinct
    )
    learner = StoredLearner(
        _card(what, file, head, loading),
        _checked_rows(folder, file),
        StoredIn(images.fingerprint, images.n_images, images.dataset, images.split),
        head,
        asked,
        _preparation(images),
    )
    use_as_long_as(learner, folder)
    learner.device = resolve_device(loading.device)
    if images.preparation is not None:
        learner.images_per_batch = images.preparation.batch_size
    return learner


def as_embedded(
    learner: Learner, streams: Sequence[EpisodeStream]
) -> list[EpisodeStream]:
    """Return the streams with the images as a learner with stored features saw them.

    The streams of any other learner stay as they are.
    Raises BaselineError if a stream has images that were not embedded.
    """
    if not isinstance(learner, StoredLearner):
        return list(streams)
    for stream in streams:
        _check_embedded(learner, stream)
    return [prepared_stream(stream, learner.prepare) for stream in streams]


def refuse_preparation(what: str, preparation: Preparation | None) -> None:
    """Raise BaselineError if a user prepares images that are embedded already."""
    if what.startswith(FEATURES) and preparation is not None:
        raise BaselineError(
            f"{what}: --size, --invert, --transform, --mean and --std have no effect on "
            f"images that are embedded already. Omit them, or embed the images again: "
            f"fewbench embed --help"
        )


def _check_embedded(learner: StoredLearner, stream: EpisodeStream) -> None:
    stored = learner.stored_in
    if stored.holds(stream.view):
        return
    protocol = stream.protocol
    wanted = f"{protocol.dataset} {protocol.split}"
    command = (
        f"fewbench embed WHAT --dataset {protocol.dataset} --split {protocol.split}"
    )
    got = f"{stored.dataset} {stored.split}"
    if stored.fingerprint == stream.view.fingerprint:
        wanted += " with rotated images"
        got += " without them"
        command += " --rotations"
    elif got == wanted:
        got = "another build of this split"
    raise BaselineError(
        f"{learner.card.name} on {protocol.name}: expected stored features of {wanted}, "
        f"got those of {got}. Embed these images, where WHAT is the model: {command}"
    )


def _refuse_options(what: str, loading: "Loading") -> None:
    """Raise BaselineError for options that cannot change stored features."""
    weights = loading.weights
    given = {
        "--set": bool(loading.settings),
        "--features": loading.features is not None,
        "--batch-size": loading.batch_size is not None,
        "--precision": loading.precision not in ("fp32", "auto"),
        "--backbone, --width and --drop": weights != WeightsChoice(head=weights.head),
    }
    for option, is_given in given.items():
        if is_given:
            raise BaselineError(
                f"{what}: {option} cannot change features that are embedded already. Omit "
                f"it, or embed the images again: fewbench embed --help"
            )


def _head(what: str, file: FeatureFile, chosen: str | None) -> Head:
    known = ", ".join(HEADS)
    if chosen is None and file.head == "own":
        raise BaselineError(
            f"{what}: the learner compares features with code of its own, which is not "
            f"stored: expected --head, one of {known}, got none. Type for example --head "
            f"protonet"
        )
    if chosen not in (None, *HEADS):
        raise BaselineError(
            f"--head {chosen}: expected one of {known} for stored features. Type for "
            f"example --head cosine"
        )
    if chosen in (None, file.head):
        return Head(file.head, file.scores_are, file.temperature)
    return Head(chosen)


def _card(what: str, file: FeatureFile, head: Head, loading: "Loading") -> LearnerCard:
    card = file.card
    if head.name != file.head:
        card = replace(card, name=f"{card.name}-{head.name}")
    if loading.name is not None:
        card = replace(card, name=loading.name)
    if loading.train_seed is not None and card.recipe:
        raise BaselineError(
            f"--train-seed {loading.train_seed}: the training seed of {what} is known "
            f"already. Leave out --train-seed"
        )
    if loading.train_seed is not None:
        card = replace(card, train_seed=loading.train_seed)
    return card


def _checked_rows(folder: Path, file: FeatureFile) -> FeatureRows:
    """Open the features, after all bytes were compared with their hashes."""
    paths = [FeaturePath(folder / part.path) for part in file.parts]
    for one, part in zip(paths, file.parts, strict=True):
        _check_part(folder, one.path, part)
    rows = FeatureRows.opened(paths)
    # The bytes that were compared are those that are opened now.
    rows.refuse_changes()
    if len(rows) != file.images.n_images:
        raise BaselineError(
            f"{shown(folder, 400)}: expected features of {file.images.n_images:,} images, "
            f"got {len(rows):,}. Delete the folder and embed the images again"
        )
    return rows


def _check_part(folder: Path, path: Path, part: FeaturePart) -> None:
    got = "no such file"
    if path.is_file():
        got = f"sha256 {file_digest(path, 'sha256')}"
    if got != f"sha256 {part.sha256}":
        raise BaselineError(
            f"{shown(path, 400)}: the stored features are damaged: expected sha256 "
            f"{part.sha256}, got {got}. Delete this file and features.json, then type the "
            f"same fewbench embed again, with --out {shlex.quote(str(folder))}"
        )


def _preparation(images: EmbeddedImages) -> Preparation | None:
    """Return how the images were prepared, for the result. It is never done again."""
    record = images.preparation
    if record is None or not record.changes:
        return None
    transform = None
    if record.transform is not None:
        transform = NamedTransform(record.transform, images.image_shape)
    return Preparation(
        record.size, transform, record.mean, record.std, bool(record.invert)
    )
