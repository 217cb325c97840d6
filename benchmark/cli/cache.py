"""The commands `fewbench cache list` and `fewbench cache clear`."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fewbench.documents import in_lines
from fewbench.errors import UserError

from .console import emit
from .options import Json

if TYPE_CHECKING:
    from ..feature_cache import CacheEntry

app = typer.Typer(
    help="List and remove features that `fewbench embed` keeps without --out.",
    no_args_is_help=True,
)
# So many digits of an id name it in tables.
_SHORT = 12


@app.command("list")
def list_entries(as_json: Json = False) -> None:
    """List the stored features in the cache, those first that were not used longest."""
    from ...reports.tables.text import text_table
    from ..feature_cache import FeatureCache, in_words

    cache = FeatureCache.of_user()
    entries = cache.entries()
    n_bytes = sum(entry.n_bytes for entry in entries)
    documents = [_document(entry) for entry in entries]
    rows = []
    for entry, document in zip(entries, documents, strict=True):
        images = f"{document['dataset']} {document['split']}"
        if not document["complete"]:
            images = "not finished"
        used = document["used_utc"][:10]
        size = in_words(entry.n_bytes)
        rows.append([entry.id[:_SHORT], document["learner"] or "-", images, size, used])
    table = text_table(["id", "learner", "images", "size", "last used"], rows)
    if not entries:
        table = "the cache is empty"
    document = {
        "folder": str(cache.folder),
        "limit_bytes": cache.limit,
        "bytes": n_bytes,
        "entries": documents,
    }
    last = f"{in_words(n_bytes)} of at most {in_words(cache.limit)} in {cache.folder}"
    emit(document, f"{table}\n{in_lines([last])}", as_json)


@app.command()
def clear(
    ids: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[ID]...", help="Ids, or the first digits of ids, from the list."
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Remove all stored features in the cache.")
    ] = False,
    older_than: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=36500,
            metavar="DAYS",
            help="Remove what was not used for so many days.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Remove stored features from the cache, except those that are in use."""
    from ..feature_cache import FeatureCache, in_words

    if not (ids or everything or older_than is not None):
        raise UserError(
            "fewbench cache clear: expected what to remove, got nothing. Type an id from "
            "`fewbench cache list`, --older-than 30, or --all"
        )
    cache = FeatureCache.of_user()
    chosen = _chosen(cache.entries(), ids or [], everything, older_than)
    removed = []
    kept = []
    for entry in chosen:
        (removed if cache.remove(entry) else kept).append(entry)
    n_bytes = sum(entry.n_bytes for entry in removed)
    lines = [f"removed {entry.id[:_SHORT]}" for entry in removed]
    lines += [f"kept {entry.id[:_SHORT]}, which is in use" for entry in kept]
    lines.append(f"freed {in_words(n_bytes)}")
    document = {
        "removed": [entry.id for entry in removed],
        "kept": [entry.id for entry in kept],
        "bytes": n_bytes,
    }
    emit(document, in_lines(lines), as_json)


def _chosen(
    entries: "list[CacheEntry]",
    ids: list[str],
    everything: bool,
    older_than: float | None,
) -> "list[CacheEntry]":
    """Return the entries to remove.

    Raises UserError if an id names no entry, or several.
    """
    named = {_named(entries, one).id for one in ids}
    chosen = []
    for entry in entries:
        is_chosen = everything or entry.id in named
        if older_than is not None and not is_chosen:
            unused_for = datetime.now(UTC) - entry.used
            is_chosen = unused_for >= timedelta(days=older_than)
        if is_chosen:
            chosen.append(entry)
    return chosen


def _named(entries: "list[CacheEntry]", start: str) -> "CacheEntry":
    found = [entry for entry in entries if start and entry.id.startswith(start)]
    if len(found) != 1:
        raise UserError(
            f"{start:.64}: expected the start of one id, got that of {len(found)}. To see "
            f"all ids: fewbench cache list"
        )
    return found[0]


def _document(entry: "CacheEntry") -> dict[str, Any]:
    file = entry.file
    return {
        "id": entry.id,
        "folder": str(entry.folder),
        "complete": file is not None,
        "learner": file and file.card.name,
        "dataset": file and file.images.dataset,
        "split": file and file.images.split,
        "n_images": file and file.images.n_images,
        "bytes": entry.n_bytes,
        "used_utc": entry.used.isoformat(timespec="seconds"),
        "in_use": entry.is_in_use,
    }
