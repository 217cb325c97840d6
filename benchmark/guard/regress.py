"""Compare results with references, for `fewbench regress`."""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fewbench.errors import UserError

from ...reports.records import RunResult
from .comparable import NotComparable
from .judge_retrained import judge_retrained
from .judge_same import judge_same
from .references.key import Key
from .references.reference import Kind, Made
from .references.reference_folder import ReferenceFolder, StoredReference
from .verdict import Rules, Verdict


@dataclass(frozen=True)
class Check:
    """Results that are judged together beside one reference.

    results: one for a reference of the kind "same", and all for "retrained"
    """

    stored: StoredReference
    results: tuple[RunResult, ...]

    def verdict(self, rules: Rules) -> Verdict:
        """Judge the results.

        Raises NotComparable if data, episodes or protocol differ.
        """
        if self.stored.reference.kind == "retrained":
            return judge_retrained(self.results, self.stored, rules)
        return judge_same(self.results[0], self.stored, rules)


def checks_of(
    results: Sequence[RunResult], references: Sequence[StoredReference]
) -> list[Check]:
    """Find the reference of each result, and return the checks to make.

    With a single reference, all results belong to it. Otherwise a result belongs to the
    reference with the same protocol, backend and precision.
    Raises NotComparable if a result has no reference, or several.
    """
    checks: list[Check] = []
    for stored, members in _groups(results, references):
        checks += _split(stored, members)
    return checks


def judge_all(checks: Sequence[Check], rules: Rules) -> list[tuple[Check, Verdict]]:
    """Judge all checks. The risk alpha of the rules is divided by their number.

    Raises NotComparable if data, episodes or protocol differ.
    """
    own = replace(rules, alpha=rules.alpha / len(checks))
    return [(check, check.verdict(own)) for check in checks]


def save_new(
    results: Sequence[RunResult], place: Path, name: str, kind: Kind
) -> list[StoredReference]:
    """Save references of a new name, one for each protocol.

    place: the folder of the set
    Raises UserError if there is one already, or if the results cannot be a reference.
    Nothing is saved then.
    """
    by_protocol: dict[str, list[RunResult]] = {}
    for result in results:
        by_protocol.setdefault(result.protocol.name, []).append(result)
    used_set = ReferenceFolder(place)
    made = [Made(name, kind, members) for members in by_protocol.values()]
    for one in made:
        used_set.check(one)
    return [used_set.save(one) for one in made]


def update(
    results: Sequence[RunResult],
    references: Sequence[StoredReference],
    reason: str,
    *,
    retrained: bool,
) -> list[StoredReference]:
    """Replace the references of results. Their histories are kept.

    retrained: whether to make references of several training runs of those of one run
    Raises UserError if a result has no reference, or if the results cannot be one.
    Nothing is replaced then.
    """
    made = []
    for stored, members in _groups(results, references):
        _check_update(stored, members)
        kind: Kind = "retrained" if retrained else stored.reference.kind
        name, test = stored.reference.key.name, stored.reference.test
        used_set = ReferenceFolder(stored.folder.parent)
        made.append((used_set, Made(name, kind, members, test=test)))
    for used_set, one in made:
        used_set.check(one, reason=reason, replace=True)
    return [used_set.save(one, reason=reason, replace=True) for used_set, one in made]


def _groups(
    results: Sequence[RunResult], references: Sequence[StoredReference]
) -> list[tuple[StoredReference, list[RunResult]]]:
    """Return each reference that results belong to, with these results."""
    groups: dict[Path, list[RunResult]] = {}
    for result in results:
        stored = references[0]
        if len(references) > 1:
            stored = _only_match(result, references)
        groups.setdefault(stored.folder, []).append(result)
    by_folder = {stored.folder: stored for stored in references}
    return [(by_folder[folder], members) for folder, members in groups.items()]


def _check_update(stored: StoredReference, results: Sequence[RunResult]) -> None:
    """Raise UserError if results cannot replace a reference in its own folder."""
    if stored.loaded is not None:
        raise _no_update(stored, "expected a reference, got a result")
    key = stored.reference.key
    for result in results:
        protocol = result.protocol.name
        if protocol != key.protocol:
            problem = f"expected results on {key.protocol}, got some on {protocol}"
            raise _no_update(stored, problem)
    folder = stored.folder
    expected = ReferenceFolder(folder.parent).place_of(key.name, key.protocol)
    if folder.name != expected.name:
        old, new = shlex.quote(str(folder)), shlex.quote(str(expected))
        raise UserError(
            f"{folder}: cannot be updated: expected the folder of the reference "
            f"{key.name}, {expected.name}, got {folder.name}. Rename it: mv {old} {new}"
        )


def _no_update(stored: StoredReference, problem: str) -> UserError:
    place = shlex.quote(str(stored.folder.parent))
    return UserError(
        f"{stored.folder}: cannot be updated with these results: {problem}. Save a new "
        f"reference: fewbench regress RESULT --reference {place} --save --name NAME"
    )


def _split(stored: StoredReference, results: Sequence[RunResult]) -> Iterator[Check]:
    """Yield one check for all runs, or one for each result of the kind "same"."""
    if stored.reference.kind == "retrained":
        yield Check(stored, tuple(results))
        return
    for result in results:
        yield Check(stored, (result,))


def _only_match(
    result: RunResult, references: Sequence[StoredReference]
) -> StoredReference:
    wanted = Key.of(result, "")
    found = []
    for stored in references:
        key = stored.reference.key
        if replace(key, name="", protocol_sha256=wanted.protocol_sha256) == wanted:
            found.append(stored)
    if len(found) == 1:
        return found[0]
    place = shlex.quote(str(references[0].folder.parent))
    names = ", ".join(stored.reference.key.name for stored in found) or "none"
    raise NotComparable(
        f"{result.file_stem}: expected one reference with the protocol {wanted.protocol}, "
        f"the precision {wanted.precision} and the backend '{wanted.backend}', got "
        f"{names}. Choose one with --name NAME, or save it: fewbench regress RESULT "
        f"--reference {place} --save --name NAME",
        [f"references: {names}"],
    )
