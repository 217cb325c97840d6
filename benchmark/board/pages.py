"""Collect what the pages of a board show, from its log and its verdicts alone."""

import shlex
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict

import numpy as np

from fewbench.errors import UserError

from ...reports.leaderboard.entries import Board, Entry, LogLine, Method, Trust
from ...reports.protocol import EvalProtocol
from ...reports.published import PublishedNumber
from ..published_numbers import published_numbers
from ..submission.card import Card, Tuned
from ..submission.scored_result import ScoredResult, read_counts
from ..submission.verdict import CHECK_VERSION, Verdict, load_verdict
from .entries import Listed, listed_entries
from .folder import BoardFolder
from .log import Event, read_log


def load_board(folder: BoardFolder) -> Board:
    """Return a board with all entries that have a verdict of this version of the checks.

    Raises UserError if the folder is no board, or if its log is damaged.
    """
    settings = folder.settings()
    events = read_log(folder.log)
    entries: list[Entry] = []
    missing: dict[str, str] = {}
    for listed in listed_entries(events).values():
        try:
            entries += _entries(listed, _verdict(folder, listed))
        except UserError as refused:
            missing[listed.id] = str(refused)
    protocols = _protocols(entries)
    return Board(
        title=settings.title,
        rules=settings.rules,
        protocols=protocols,
        entries=tuple(entries),
        reported={one.name: _reported(one) for one in protocols},
        log=tuple(map(_log_line, events)),
        missing=missing,
        frozen=settings.frozen,
        rules_text=folder.rules(),
    )


def _verdict(folder: BoardFolder, listed: Listed) -> Verdict:
    """Read the verdict on an entry.

    Raises UserError if there is none that the pages can show.
    """
    verdict = load_verdict(folder.verdict(listed.bundle_sha256))
    board = shlex.quote(str(folder.path))
    again = f"Check it again: fewbench leaderboard verify {board} --update"
    if verdict.check_version != CHECK_VERSION:
        raise UserError(
            f"{listed.id}: expected a verdict of version {CHECK_VERSION} of the checks, got "
            f"{verdict.check_version}. {again}"
        )
    if verdict.trust == "refused" or verdict.card is None:
        raise UserError(
            f"{listed.id}: expected a verdict without errors, got a refusal. {again}"
        )
    return verdict


def _entries(listed: Listed, verdict: Verdict) -> Iterator[Entry]:
    """Yield an entry for each protocol of a submission."""
    if verdict.card is None:
        return
    by_protocol: dict[EvalProtocol, list[ScoredResult]] = defaultdict(list)
    for one in verdict.results:
        by_protocol[one.protocol].append(one)
    for protocol, runs in by_protocol.items():
        runs.sort(key=lambda run: run.train_seed)
        _check_counts(listed, verdict, runs)
        yield _entry(listed, verdict, verdict.card, protocol, runs)


def _check_counts(listed: Listed, verdict: Verdict, runs: list[ScoredResult]) -> None:
    """Raise UserError if the numbers of a verdict do not fit its protocol."""
    for run in runs:
        n_classes = len(verdict.class_names.get(run.protocol.name, ()))
        sizes = [
            read_counts(run.correct).size,
            read_counts(run.classes.hits).size,
            read_counts(run.classes.queries).size,
        ]
        expected = [run.protocol.n_episodes, n_classes, n_classes]
        if sizes != expected:
            raise UserError(
                f"{listed.id}: the verdict does not fit {run.protocol.name}: expected "
                f"{expected} numbers of episodes and classes, got {sizes}. Check the "
                f"bundle again: fewbench submission check FILE --board FOLDER"
            )


def _entry(
    listed: Listed,
    verdict: Verdict,
    card: Card,
    protocol: EvalProtocol,
    runs: list[ScoredResult],
) -> Entry:
    first = runs[0]
    correct = np.stack([read_counts(run.correct) for run in runs])
    hits = sum(read_counts(run.classes.hits) for run in runs)
    queries = sum(read_counts(run.classes.queries) for run in runs)
    return Entry(
        id=listed.id,
        bundle_sha256=listed.bundle_sha256,
        method=_method(card),
        protocol=protocol,
        trust=_trust(listed, verdict),
        transductive=card.test.transductive,
        precision=first.precision,
        pixels=first.pixels,
        date=max(run.date for run in runs),
        made_with=f"fewbench {first.made_with}"
        if first.made_with
        else verdict.made_with,
        train_seeds=tuple(run.train_seed for run in runs),
        correct=correct,
        class_names=tuple(verdict.class_names[protocol.name]),
        hits=np.asarray(hits),
        queries=np.asarray(queries),
        standing=listed.standing,
        replaced_by=listed.replaced_by,
        notes=tuple(_notes(listed, verdict)),
    )


def _method(card: Card) -> Method:
    tuned = {name: _tuned_text(one) for name, one in card.training.tuned.items()}
    data = asdict(card.data)
    test = asdict(card.test)
    del test["transductive"]
    return Method(
        **asdict(card.method),
        **asdict(card.network),
        **data,
        **test,
        hardware=card.training.hardware,
        minutes=card.training.minutes,
        tuned=tuned,
    )


def _tuned_text(tuned: Tuned) -> str:
    return f"{tuned.chosen} of {', '.join(tuned.tried)}"


def _trust(listed: Listed, verdict: Verdict) -> Trust:
    if listed.retrained:
        return "re-trained"
    return "re-run" if verdict.trust == "re-run" else "re-scored"


def _notes(listed: Listed, verdict: Verdict) -> Iterator[str]:
    if listed.retrained:
        yield f"trained again: {listed.retrained}"
    for one in verdict.reruns:
        fresh = f"{100 * one.fresh_mean:.2f} % on {one.n_fresh} fresh episodes"
        yield f"{one.file}, evaluated again: {one.reason}; {fresh} (seed {one.fresh_seed})"
    for name, agreement in verdict.agreement.items():
        yield f"{name}: agreement with the hit rates of images {agreement:.2f}"
    for finding in verdict.findings:
        yield f"{finding.where}: {finding.what}"


def _protocols(entries: list[Entry]) -> tuple[EvalProtocol, ...]:
    """Return the protocols of all entries, sorted by name."""
    found = {one.protocol for one in entries}
    return tuple(sorted(found, key=lambda protocol: (protocol.name, protocol.sha256)))


def _reported(protocol: EvalProtocol) -> tuple[PublishedNumber, ...]:
    """Return the published numbers of a protocol's dataset, classes, way and shot."""
    rotations = "classes" if protocol.rotations else "none"
    wanted = (protocol.dataset, protocol.n_way, protocol.n_shot)
    found = []
    for number in published_numbers():
        same_classes = number.split == number.our_split
        same_images = number.rotations in (None, rotations)
        is_shown = not number.left_out and protocol.split == "test"
        if (number.dataset, number.way, number.shot) != wanted:
            continue
        if same_classes and same_images and is_shown:
            found.append(number)
    return tuple(found)


def _log_line(event: Event) -> LogLine:
    text = event.text
    if event.replaces:
        text = f"replaces {event.replaces}. {text}".strip()
    return LogLine(date=event.date, action=event.action, entry=event.entry, text=text)
