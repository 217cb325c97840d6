"""Embed all images of a split into a folder. What is there already is not done again."""

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter

from fewbench.documents import DocumentError, fit, parse_json, read_bytes, shown
from fewbench.errors import UserError
from fewbench.files import file_digest, write_json
from fewbench.progress import report_nothing
from fewbench.space import require_space

from ...baselines.evaluation.embed_again import embed_again
from ...baselines.evaluation.feature_rows import FeatureRows
from ...baselines.evaluation.stored_features import StoredFeatures
from ...baselines.evaluation.stored_learner import head_of
from ...reports.origin import Checks
from ..feature_file import (
    NAME,
    SCHEMA_VERSION,
    FeatureFile,
    FeaturePart,
    read_feature_file,
    write_feature_file,
)
from ..sharing import working_in
from .conditions import Conditions
from .embedding import Embedding
from .executor import Executor
from .feature_tasks import IMAGES_PER_TASK, feature_tasks, published_rows
from .place import Place
from .schedule import run_flows
from .summary import Summary
from .task import Task

# How the machine computes that began to embed.
_BEGUN = "conditions.json"
# Some images of so many blocks are embedded again at the end.
_BLOCKS_ASKED = 16


@dataclass(frozen=True, eq=False)
class EmbedWork:
    """The tasks of an embedding, and the folder for their files."""

    embedding: Embedding
    place: Place
    tasks: tuple[Task, ...]

    @classmethod
    def of(
        cls,
        embedding: Embedding,
        place: Place,
        images_per_task: int = IMAGES_PER_TASK,
    ) -> "EmbedWork":
        """Cut an embedding into tasks."""
        tasks = feature_tasks(
            embedding.model,
            embedding.source,
            embedding.conditions,
            images_per_task=images_per_task,
            images_per_block=embedding.images_per_block,
        )
        return cls(embedding, place, tuple(tasks))

    def existing(self) -> FeatureFile | None:
        """Return the document of the folder if all is done; None if there is no document.

        Raises UserError if the folder holds other features, or a damaged document.
        """
        folder = self.place.folder
        if not (folder / NAME).exists():
            return None
        file = read_feature_file(folder)
        if file.id != self.embedding.id:
            held = f"{file.card.name} on {file.images.dataset} {file.images.split}"
            raise UserError(
                f"{shown(folder, 400)}: holds other features: expected none, or those of "
                f"the same command, got those of {shown(held, 200)}. Choose another folder "
                f"with --out, or delete this one"
            )
        if all((folder / part.path).exists() for part in file.parts):
            return file
        return None

    def do(
        self,
        executor: Executor,
        watch: Callable[[Summary], None] | None = None,
    ) -> FeatureFile:
        """Embed what is missing, and write the document of the folder.

        watch: called several times a second with the counts so far
        Raises UserError if a task failed too often, with what is done kept, and as
        `existing` does. Raises Busy if a process embeds something else into the folder.
        Raises OSError if the disk is too small. Raises Interrupted after a signal.
        """
        folder = self.place.folder
        with working_in(folder, self.embedding.id, "another embedding"):
            # Another process may have finished one meanwhile.
            return self.existing() or self._do(executor, watch)

    def _do(
        self, executor: Executor, watch: Callable[[Summary], None] | None
    ) -> FeatureFile:
        folder = self.place.folder
        self.place.check_folders()
        self._refuse_other_machines()
        missing = sum(not self.place.is_done(task) for task in self.tasks)
        require_space(folder, self.embedding.n_bytes * missing // len(self.tasks))
        with executor:
            summary = run_flows([iter([self.tasks])], executor, self.place, watch=watch)
        for line in summary.failure_lines():
            raise UserError(
                f"{line}. What is embedded is kept in {shown(folder, 400)}. Type the same "
                f"command to go on"
            )
        file = self._document()
        write_feature_file(folder, file)
        return file

    def _refuse_other_machines(self) -> None:
        """Record how this machine computes, or refuse work that another kind began.

        Raises OtherConditions, or UserError if the record is damaged.
        """
        path = self.place.folder / _BEGUN
        here = self.embedding.conditions
        if not path.exists():
            write_json(path, here.document())
            return
        try:
            began = fit(parse_json(read_bytes(path)), TypeAdapter(Conditions))
        except DocumentError as error:
            raise UserError(
                f"{shown(path, 400)}: cannot be read: expected how the work began, got a "
                f"damaged record ({error}). Delete this file alone: rm "
                f"{shlex.quote(str(path))}; then type the same command again"
            ) from error
        began.check(here, shown(self.place.folder, 400))

    def _document(self) -> FeatureFile:
        embedding = self.embedding
        learner = embedding.learner
        rows = published_rows(self.tasks, self.place)
        checks = self._asked_again(rows)
        parts = [_part(task, self.place) for task in self.tasks]
        # The bytes that were compared are those that were hashed.
        rows.refuse_changes()
        return FeatureFile(
            schema_version=SCHEMA_VERSION,
            id=embedding.id,
            card=learner.card,
            head=head_of(learner),
            scores_are=learner.scores_are,
            temperature=learner.temperature,
            images=embedding.images,
            identity=dict(embedding.model.identity),
            conditions=embedding.conditions.document(),
            checks=checks,
            parts=tuple(parts),
        )

    def _asked_again(self, rows: FeatureRows) -> Checks:
        """Embed some images again in an order that the encoder cannot foresee."""
        embedding = self.embedding
        view = embedding.view
        features = StoredFeatures(embedding.learner, view, rows)
        generator = np.random.default_rng()
        features.table(
            generator.integers(len(view), size=_BLOCKS_ASKED), report_nothing
        )
        found = embed_again(features, generator)
        return Checks(
            order=found.same,
            determinism=found.repeatable,
            distinct=found.distinct,
        )


def evaluate_command(folder: Path) -> str:
    """Return the command that evaluates the features in a folder."""
    what = shlex.quote(f"features:{folder}")
    return f"fewbench evaluate {what} --protocol NAME --out DIR"


def _part(task: Task, place: Place) -> FeaturePart:
    path = place.file(task)
    return FeaturePart(
        path=path.relative_to(place.folder).as_posix(),
        sha256=file_digest(path, "sha256"),
        n_images=task.body["end"] - task.body["start"],
    )
