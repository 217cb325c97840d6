"""Read one result of a submission, and check it by itself."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from fewbench.documents import printable

from ...datasets.catalogue import dataset_of_fewbench
from ...reports.document_reader import read_document
from ...reports.records import ResultError, RunResult
from ...reports.result_document import ResultFile, accuracy_texts
from ...reports.result_files import array_sha256, load_result
from ..protocols.names import base_name, named_by_changes
from ..verification.checks import Check
from ..verification.data_checks import CLASS_NAMES, check_data
from ..verification.file_checks import check_document
from ..verification.load import with_standing
from ..verification.protocol_checks import check_episodes, check_name
from .card import Card
from .findings import Finding, error, warning
from .foreign import is_foreign, load_foreign

_EVALUATE_AGAIN = "Evaluate again with fewbench evaluate, and pack it again"
_WRITE_AGAIN = "Correct it in the program that wrote it, and pack it again"
_LONGEST_CLASS_NAME = 200


@dataclass(frozen=True)
class SubmittedResult:
    """A result in a bundle.

    name: the name of its JSON document in the bundle
    is_foreign: whether another program than fewbench wrote it
    """

    name: str
    result: RunResult
    is_foreign: bool

    @property
    def predictions_sha256(self) -> str:
        """The SHA-256 of the predicted labels."""
        return array_sha256(self.result.predictions)


def read_submitted(
    folder: Path, name: str, card: Card | None
) -> SubmittedResult | Finding:
    """Read a result in a bundle, or return why it cannot be read.

    folder: where the bundle is unpacked
    name: the name of the result's JSON document in the bundle
    """
    path = folder / name
    foreign = is_foreign(path)
    try:
        result = load_foreign(path, card) if foreign else load_result(path)
    except ResultError as refused:
        where, what = _reason(refused, folder, name)
        return error("result", where, what, _advice(foreign=foreign))
    return SubmittedResult(name, with_standing(result), foreign)


def check_one(folder: Path, submitted: SubmittedResult) -> Iterator[Finding]:
    """Check a result by itself: its protocol, episodes, numbers and images.

    folder: where the bundle is unpacked
    """
    result = submitted.result
    unknown = list(_check_known(submitted))
    yield from unknown
    yield from _check_date(submitted)
    yield from _check_data(submitted)
    yield from _check_class_names(submitted)
    name_check = check_name(result)
    checks = [name_check, *check_data(result)]
    yield from _failed(submitted, checks)
    if name_check.outcome == "not possible" and not unknown:
        yield from _check_long_name(submitted)
    yield from _check_names(submitted, checks)
    can_be_drawn = (
        not unknown and not result.partial and not any(map(_is_bad, checks[1:]))
    )
    if not can_be_drawn:
        return
    yield from _failed(submitted, check_episodes(result))
    if not submitted.is_foreign:
        saved = read_document(folder / submitted.name)
        yield from _failed(submitted, check_document(saved, result))
        yield from _check_words(submitted, saved)


def _failed(submitted: SubmittedResult, checks: Iterable[Check]) -> Iterator[Finding]:
    for check in filter(_is_bad, checks):
        where = f"{submitted.name}: {check.what}"
        advice = _advice(foreign=submitted.is_foreign)
        yield error("result", where, check.detail, advice)


def _is_bad(check: Check) -> bool:
    return check.outcome == "failed"


def _check_known(submitted: SubmittedResult) -> Iterator[Finding]:
    """Check that others know the protocol and the dataset."""
    protocol = submitted.result.protocol
    if base_name(protocol) is None:
        where = f"{submitted.name}: the protocol"
        what = f"{protocol.name} is not in the catalogue"
        advice = "Use a protocol of the catalogue: fewbench protocol list"
        yield error("protocol", where, what, advice)
    if dataset_of_fewbench(protocol.dataset) is None:
        where = f"{submitted.name}: the dataset"
        what = f"fewbench has no dataset {protocol.dataset}"
        advice = "Use one of the datasets of fewbench: fewbench data list"
        yield error("dataset", where, what, advice)


def _check_long_name(submitted: SubmittedResult) -> Iterator[Finding]:
    """Check that a name that may have been shortened is the one of its settings."""
    protocol = submitted.result.protocol
    expected = named_by_changes(protocol).name
    if protocol.name != expected:
        where = f"{submitted.name}: the name of the protocol"
        what = f"expected {expected}, which fits the settings, got {protocol.name}"
        yield error("protocol", where, what, _advice(foreign=submitted.is_foreign))


def _check_class_names(submitted: SubmittedResult) -> Iterator[Finding]:
    """Check that the name of each class can be shown as a short text."""
    where = f"{submitted.name}: {CLASS_NAMES}"
    advice = _advice(foreign=submitted.is_foreign)
    for name in submitted.result.class_names.tolist():
        if len(name) > _LONGEST_CLASS_NAME:
            most = f"at most {_LONGEST_CLASS_NAME} characters"
            what = f"expected {most} in a name, got {len(name):,}"
        elif printable(name) != name:
            what = f"expected characters that can be shown, got {name!a:.100}"
        else:
            continue
        yield error("class-name", where, what, advice)
        return  # the first one is enough: a split may have thousands of classes


def _check_names(submitted: SubmittedResult, checks: list[Check]) -> Iterator[Finding]:
    """Warn of classes that are not in the published list of a dataset that has one."""
    info = dataset_of_fewbench(submitted.result.protocol.dataset)
    has_list = info is not None and info.class_list is not None
    for check in checks:
        if has_list and check.what == CLASS_NAMES and check.outcome == "not possible":
            where = f"{submitted.name}: {check.what}"
            yield warning("data", where, check.detail, "Use the names of fewbench")


def _check_date(submitted: SubmittedResult) -> Iterator[Finding]:
    """Check the day of the evaluation, by which a board sorts."""
    day = submitted.result.created_utc[:10]
    try:
        is_day = date.fromisoformat(day).isoformat() == day
    except ValueError:
        is_day = False
    if not is_day:
        where = f"{submitted.name}: the date"
        what = f"expected a day such as 2026-11-26, got {day!r}"
        yield error("date", where, what, _advice(foreign=submitted.is_foreign))


def _check_words(submitted: SubmittedResult, saved: ResultFile) -> Iterator[Finding]:
    """Check the interval in words. `load_result` checks the other numbers."""
    found = saved.accuracy.get("interval")
    expected = accuracy_texts(submitted.result).get("interval")
    if found != expected:
        where = f"{submitted.name}: the interval"
        what = f"expected {expected}, as computed from the predictions, got {found}"
        yield error("interval", where, what, "Pack the result again, which computes it")


def _check_data(submitted: SubmittedResult) -> Iterator[Finding]:
    """Check that the images are all there, and those that others have too."""
    result = submitted.result
    dataset = result.protocol.dataset
    where = f"{submitted.name}: the images"
    if result.protocol.sampling == "listed":
        what = "the episodes come from a file, so nobody can draw them again"
        yield error("episodes", submitted.name, what, "Use a protocol of the catalogue")
    if result.protocol.interval == "anytime":
        what = "it could stop early, and ranks need a fixed number of episodes"
        advice = "Evaluate without --until-half-width"
        yield error("episodes", submitted.name, what, advice)
    if result.partial:
        what = f"the {dataset} of this result was incomplete"
        yield error(
            "data", where, what, f"Build it whole: fewbench data build {dataset}"
        )
    if result.data_standing == "other":
        what = (
            f"expected the reference build of {dataset}, got other images "
            f"({result.data_fingerprint:.16})"
        )
        yield error("data", where, what, f"Build it: fewbench data build {dataset}")
    if result.data_standing == "no reference":
        what = f"fewbench knows no reference build of {dataset}"
        yield warning("data", where, what, "Say in the card where the images come from")


def _reason(refused: ResultError, folder: Path, name: str) -> tuple[str, str]:
    """Return which file an error is about, and what it says, without its advice."""
    text = str(refused).replace(f"{folder}/", "")
    for advice in (". Copy the result again", ". Write both again"):
        text = text.partition(advice)[0]
    for where in (name, f"{name.removesuffix('.json')}.npz"):
        if text.startswith(f"{where}: "):
            return where, text.removeprefix(f"{where}: ")
    return name, text


def _advice(*, foreign: bool) -> str:
    return _WRITE_AGAIN if foreign else _EVALUATE_AGAIN
