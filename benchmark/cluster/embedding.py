"""What `fewbench embed` is asked for: a model and a split, and the hash of what decides both."""

import hashlib
import json
import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ...baselines.evaluation.features import embedding_order, images_per_block
from ...baselines.evaluation.stored_learner import StoredLearner, head_of
from ...baselines.learner import BaselineError, EmbeddingLearner
from ...datasets.prepared_view import PreparedView
from ...datasets.root import data_root
from ...datasets.sizes import split_name
from ...datasets.view import ImageView
from ..feature_file import EmbeddedImages
from ..image_shapes import check_image_shape
from ..preparing import preparation_record
from ..protocols.listing import PROTOCOLS
from ..protocols.stream import split_view
from ..results import check_card
from .conditions import Conditions
from .features_task import embeds_nothing
from .identity import identity_of
from .model_source import ModelSource
from .view_source import ViewSource, prepared_as


@dataclass(frozen=True)
class EmbedRequest:
    """What a user asks to embed.

    what: the model as on the command line
    rotations: whether to embed rotated images too; None to do what the protocols of the
        dataset need
    loading: arguments of `Loading`, as values for JSON
    preparation: see `ViewSource`
    threads: the number of threads of torch in each process
    """

    what: str
    dataset: str
    split: str
    rotations: bool | None = None
    loading: Mapping[str, Any] = field(default_factory=dict)
    preparation: Mapping[str, Any] | None = None
    threads: int = 1


@dataclass(frozen=True, eq=False)
class Embedding:
    """A model and the images to embed with it, both open.

    images_per_block: the number of images that pass through the encoder together
    """

    model: ModelSource
    source: ViewSource
    conditions: Conditions
    learner: EmbeddingLearner
    view: ImageView
    images_per_block: int

    @property
    def n_bytes(self) -> int:
        """The size of all features."""
        return len(self.view) * self.model.identity["bytes_per_image"]

    @property
    def images(self) -> EmbeddedImages:
        """What the document of the features says of the images."""
        source = self.source
        return EmbeddedImages(
            dataset=source.dataset,
            split=source.split,
            fingerprint=source.fingerprint,
            n_images=source.n_images,
            image_shape=source.image_shape,
            rotations=source.rotations,
            preparation=preparation_record(self.learner, self.view),
        )

    @property
    def id(self) -> str:
        """The sha256 of all that decides the features and their document."""
        learner = self.learner
        document = {
            "model": dict(self.model.identity),
            "view": self.source.document(),
            "conditions": self.conditions.document(),
            "images_per_block": self.images_per_block,
            "card": asdict(learner.card),
            "head": head_of(learner),
            "scores_are": learner.scores_are,
            "temperature": learner.temperature,
        }
        text = json.dumps(document, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def open_embedding(request: EmbedRequest, root: Path | None) -> Embedding:
    """Open the model and the images of a request.

    root: the folder with the built datasets; None for the default folder of `data_root`
    Raises BaselineError or DataError if the model embeds no images, or if it or the images
    cannot be opened.
    """
    view = _view(request, root)
    source = ViewSource.of(request.dataset, request.split, view, request.preparation)
    learner = ModelSource({}, request.what, request.loading).load(
        Path(), view.stores[0].image_shape
    )
    _check(learner, request, view)
    assert isinstance(learner, EmbeddingLearner)
    identity = identity_of(learner, view)
    # Only now does the card say in which precision the encoder computes.
    check_card(learner.card)
    device = request.loading.get("device", "auto")
    return Embedding(
        model=ModelSource(identity, request.what, request.loading),
        source=source,
        conditions=Conditions.here(request.threads, device),
        learner=learner,
        view=view,
        images_per_block=images_per_block(learner, view, embedding_order(view)),
    )


def needs_rotations(dataset: str) -> bool:
    """Return whether a protocol of a dataset, or of the one it varies, rotates images."""
    name, _ = split_name(dataset)
    for protocol in PROTOCOLS.values():
        is_own = name == protocol.dataset
        is_variant = name.startswith(f"{protocol.dataset}-")
        rotates = protocol.rotations or protocol.task_rotations
        if rotates and (is_own or is_variant):
            return True
    return False


def _view(request: EmbedRequest, root: Path | None) -> ImageView:
    rotations = request.rotations
    if rotations is None:
        rotations = needs_rotations(request.dataset)
    folder = data_root(root)
    view = split_view(request.dataset, request.split, folder, rotations=rotations)
    preparation = prepared_as(request.preparation)
    if preparation is None:
        return view
    return PreparedView(view, preparation)


def _check(learner: object, request: EmbedRequest, view: ImageView) -> None:
    """Raise BaselineError if a model cannot embed these images."""
    if isinstance(learner, StoredLearner):
        raise BaselineError(
            f"{request.what}: its images are embedded already: expected a model, got "
            f"stored features. Evaluate them: fewbench evaluate "
            f"{shlex.quote(request.what)} --protocol NAME --out DIR"
        )
    if not isinstance(learner, EmbeddingLearner):
        raise embeds_nothing(request.what)
    where = f"{request.dataset} {request.split}"
    check_image_shape(learner, view.image_shape, where)
