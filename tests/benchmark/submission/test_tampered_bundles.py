"""Forty-two tampered bundles: seven places, six changes each. All are refused, and say why.

And one forgery that passes: it shows what a check without the model cannot find out.
"""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from fewbench.benchmark.submission.bundle import write_bundle
from fewbench.benchmark.submission.check import CheckedSubmission, check_submission
from fewbench.reports.records import count_correct
from fewbench.reports.result_document import canonical_sha256, document_sha256
from fewbench.reports.result_files import array_sha256
from fewbench_tests.honest_results import build_honest
from fewbench_tests.made_bundles import (
    Files,
    files_of,
    lines,
    pack,
    sealed,
    two_seeds,
    zip_of,
)

SEED = 20261126
Change = Callable[[Files], Any]
DOCUMENT = "submission.json"
STEM = "results/glyphs-5w1s-3query-6ep__protonet__seed0"
RESULT = f"{STEM}.json"
ARRAYS = f"{STEM}.npz"
OTHER = STEM.replace("seed0", "seed1")
GLYPHS = build_honest(n_episodes=6, n_query=3)
# Another valid bundle: other episodes, and another dataset.
ANOTHER = two_seeds(seed=7)
OMNIGLOT = build_honest(
    name="omniglot-5w1s", dataset="omniglot", rotations=True, n_episodes=6, n_query=3
)


class Tampered(NamedTuple):
    """A tampered bundle, and what the check must answer.

    code, words: of a finding
    seal: whether all hashes are made right again
    """

    place: str
    how: str
    change: Change
    code: str
    words: str
    seal: bool = False


# Changes of the zip


def shift_member(files: Files) -> Files:
    files["training/seed0/train.json"] = files.pop(RESULT)
    return files


def double_member(files: Files) -> bytes:
    twin = RESULT.replace("seed0", "seed9")
    return zip_of(files | {twin: files[RESULT]}).replace(twin.encode(), RESULT.encode())


def flip_byte(files: Files) -> bytes:
    data = bytearray(zip_of(files))
    start = data.find(b"results/") + len(RESULT) + 20
    data[start] ^= 0xFF
    return bytes(data)


# Changes of JSON


def edit(name: str, change: Callable[[dict[str, Any]], object]) -> Change:
    """Change a JSON document, without its own hashes."""

    def do(files: Files) -> None:
        document = json.loads(files[name])
        change(document)
        files[name] = json.dumps(document).encode()

    return do


def in_card(table: str, **fields: Any) -> Change:
    return edit(DOCUMENT, lambda document: document["card"][table].update(fields))


def move_answers(document: dict[str, Any]) -> None:
    card = document["card"]
    card["network"], card["data"] = card["data"], card["network"]


def reverse_hashes(document: dict[str, Any]) -> None:
    names = sorted(document["files"])
    hashes = [document["files"][name] for name in names]
    document["files"] = dict(zip(names, hashes[1:] + hashes[:1], strict=True))


def twice(old: bytes) -> Change:
    """Write a text of submission.json twice, as a key that is there twice."""

    def do(files: Files) -> None:
        assert old in files[DOCUMENT]
        files[DOCUMENT] = files[DOCUMENT].replace(old, old + b", " + old, 1)

    return do


def unchanged(content: dict[str, Any]) -> None:
    """Change nothing."""


def forge(
    change: Callable[[dict[str, Any]], object] = unchanged, **arrays: Any
) -> Change:
    """Change a result, and make all hashes in its document right again.

    change: of the part `content` of the document
    arrays: functions of the array of this name
    """

    def do(files: Files) -> None:
        document = json.loads(files[RESULT])
        content = document["content"]
        values = load(files[ARRAYS])
        for name, new in arrays.items():
            values[name] = new(values[name])
        for name, value in values.items():
            content["classification"]["arrays_sha256"][name] = array_sha256(value)
        change(content)
        document["content_sha256"] = canonical_sha256(content)
        document["document_sha256"] = document_sha256(document)
        files[RESULT] = json.dumps(document).encode()
        files[ARRAYS] = saved(values)

    return do


def in_header(**fields: Any) -> Callable[[dict[str, Any]], object]:
    return lambda content: content["header"].update(fields)


def in_protocol(**fields: Any) -> Callable[[dict[str, Any]], object]:
    return lambda content: content["classification"]["protocol"].update(fields)


def say_better(document: dict[str, Any]) -> None:
    document["content"]["classification"]["accuracy"]["mean"] = "99.0000 %"


def say_narrower(content: dict[str, Any]) -> None:
    text = content["classification"]["accuracy"]["interval"]
    words = "79.0000 to 81.0000 %" + text[text.index(" (") :]
    content["classification"]["accuracy"]["interval"] = words


# Changes of arrays


def load(data: bytes) -> dict[str, np.ndarray]:
    with np.load(io.BytesIO(data)) as file:
        return dict(file)


def saved(arrays: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def edit_arrays(**changes: Callable[[np.ndarray], np.ndarray]) -> Change:
    """Change arrays, without their hashes in the document."""

    def do(files: Files) -> None:
        values = load(files[ARRAYS])
        for name, new in changes.items():
            values[name] = new(values[name])
        files[ARRAYS] = saved(values)

    return do


def better(predictions: np.ndarray) -> np.ndarray:
    """Give the right answer to the first wrong one of each episode."""
    truth = np.arange(5).repeat(3)
    predictions = predictions.copy()
    for row in predictions:
        wrong = np.flatnonzero(row != truth)
        row[wrong[:1]] = truth[wrong[:1]]
    return predictions


def backwards(array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(array[::-1])


def longer(array: np.ndarray) -> np.ndarray:
    return np.concatenate([array, array[-1:]])


def shorter(array: np.ndarray) -> np.ndarray:
    return array[:-1]


def swap_classes(classes: np.ndarray) -> np.ndarray:
    classes = classes.copy()
    classes[2, [0, 1]] = classes[2, [1, 0]]
    return classes


def easy_episodes(values: np.ndarray) -> np.ndarray:
    """Put episode 0 in the place of episode 1."""
    values = values.copy()
    values[1] = values[0]
    return values


def fewer_episodes(content: dict[str, Any]) -> None:
    in_protocol(n_episodes=5, name="glyphs-5w1s-3query-5ep")(content)
    protocol = build_honest(n_episodes=5, n_query=3).protocol
    content["classification"]["protocol_sha256"] = protocol.sha256
    del content["classification"]["accuracy"]


def other_seed(content: dict[str, Any]) -> None:
    in_protocol(seed=7, name="glyphs-5w1s-3query-seed7-6ep")(content)
    protocol = ANOTHER[0].protocol
    content["classification"]["protocol_sha256"] = protocol.sha256


def from_another(name: str, other: str | None = None) -> Change:
    """Take a file from another valid bundle."""

    def do(files: Files) -> None:
        files[name] = another()[other or name]

    return do


def another() -> Files:
    found = Path(BUNDLES["another"])
    return {name.replace("-seed7", ""): data for name, data in files_of(found).items()}


BUNDLES: dict[str, Path] = {}


def drop(name: str) -> Change:
    def do(files: Files) -> None:
        del files[name]

    return do


def copy(name: str, to: str) -> Change:
    return lambda files: files.update({to: files[name]})


def swap(first: str, second: str) -> Change:
    return lambda files: files.update({first: files[second], second: files[first]})


ZIP = "the zip"
PAPER = "submission.json"
CARD = "the card"
JSON = "a result's JSON"
ANSWERS = "its predictions"
EPISODES = "its classes and episodes"
PRINTS = "the protocol and the fingerprints"

TAMPERED = [
    # The zip
    Tampered(
        ZIP, "removed: its end", lambda f: zip_of(f)[:-40], "container", "truncated"
    ),
    Tampered(ZIP, "doubled: a member", double_member, "container", "same name twice"),
    Tampered(
        ZIP, "moved: a result to another folder", shift_member, "files", "is listed"
    ),
    Tampered(ZIP, "edited: a byte", flip_byte, "container", RESULT),
    Tampered(
        ZIP,
        "edited and resealed: a second copy of a result in it",
        copy(ARRAYS, "results/more.npz"),
        "enclosed",
        "there is no results/more.json",
        True,
    ),
    Tampered(
        ZIP,
        "from another: a member with its name",
        lambda f: f.update(
            {RESULT.replace("3query", "3query-seed7"): another()[RESULT]}
        ),
        "files",
        "submission.json does not list it",
    ),
    # submission.json
    Tampered(PAPER, "removed", drop(DOCUMENT), "document", "it is missing"),
    Tampered(
        PAPER,
        "doubled: a key",
        twice(b'"schema_version": 1'),
        "document",
        "there twice",
    ),
    Tampered(
        PAPER,
        "moved: hashes to other names",
        edit(DOCUMENT, reverse_hashes),
        "files",
        "it was changed",
    ),
    Tampered(
        PAPER,
        "edited: its format",
        edit(DOCUMENT, lambda d: d.update(format="fewbench-results")),
        "document",
        "format",
    ),
    Tampered(
        PAPER,
        "edited and resealed: a later version",
        edit(DOCUMENT, lambda d: d.update(schema_version=2)),
        "document",
        "or older, got 2",
        True,
    ),
    Tampered(
        PAPER,
        "from another",
        from_another(DOCUMENT),
        "files",
        "submission.json does not list it",
    ),
    # The card
    Tampered(
        CARD,
        "removed",
        edit(DOCUMENT, lambda d: d.pop("card")),
        "document",
        "card is missing",
    ),
    Tampered(
        CARD,
        "doubled: a table",
        twice(b'"official": false'),
        "document",
        "'official' is there twice",
    ),
    Tampered(
        CARD,
        "moved: answers to other questions",
        edit(DOCUMENT, move_answers),
        "card-missing",
        "it is missing",
    ),
    Tampered(
        CARD,
        "edited: seeds",
        in_card("training", seeds=[0, 1, 2]),
        "seeds",
        "expected results of seeds 0, 1, 2",
    ),
    Tampered(
        CARD,
        "edited and resealed: hides the data of the weights",
        forge(in_header(pretraining={"data": "ImageNet", "saw_test_classes": True})),
        "test-classes",
        "had classes of the test split",
        True,
    ),
    Tampered(
        CARD,
        "from another: of one seed",
        in_card("training", seeds=[5]),
        "seeds",
        "expected results of seed 5",
    ),
    # A result's JSON
    Tampered(JSON, "removed", drop(RESULT), "files", "not in the bundle"),
    Tampered(
        JSON,
        "doubled: the same result twice",
        lambda f: (copy(RESULT, "results/x.json")(f), copy(ARRAYS, "results/x.npz")(f)),
        "doubled",
        "2 results are on",
        True,
    ),
    Tampered(
        JSON,
        "moved: the documents of two seeds",
        swap(RESULT, f"{OTHER}.json"),
        "result",
        "differs from what was saved",
        True,
    ),
    Tampered(
        JSON,
        "edited: the mean",
        edit(RESULT, say_better),
        "result",
        "the document differs from what was saved",
        True,
    ),
    Tampered(
        JSON,
        "edited and resealed: the interval",
        forge(say_narrower),
        "interval",
        "got 79.0000 to 81.0000",
        True,
    ),
    Tampered(
        JSON,
        "from another",
        from_another(RESULT),
        "result",
        "differs from what was saved",
        True,
    ),
    # Its predictions
    Tampered(
        ANSWERS,
        "removed: the last episode",
        edit_arrays(predictions=shorter, correct=shorter),
        "result",
        "correct differs from what was saved",
        True,
    ),
    Tampered(
        ANSWERS,
        "doubled: the last episode",
        forge(predictions=longer, correct=longer, classes=longer),
        "result",
        "expected uint8 (6, 15), got uint8 (7, 15)",
        True,
    ),
    Tampered(
        ANSWERS,
        "reordered: the episodes",
        edit_arrays(predictions=backwards, correct=backwards),
        "result",
        "correct differs from what was saved",
        True,
    ),
    Tampered(
        ANSWERS,
        "edited: better answers",
        edit_arrays(predictions=better),
        "files",
        "it was changed",
    ),
    Tampered(
        ANSWERS,
        "edited and resealed: better answers",
        forge(predictions=better),
        "result",
        "correct: expected the number of right answers",
        True,
    ),
    Tampered(
        ANSWERS,
        "from another: those of the other seed",
        swap(ARRAYS, f"{OTHER}.npz"),
        "result",
        "correct differs from what was saved",
        True,
    ),
    # Its classes and episodes
    Tampered(
        EPISODES,
        "removed: the last episode, in its own name",
        forge(fewer_episodes, predictions=shorter, correct=shorter, classes=shorter),
        "result",
        "the episodes: expected the fingerprint",
        True,
    ),
    Tampered(
        EPISODES,
        "doubled: an easy episode",
        forge(classes=easy_episodes),
        "result",
        "in episode 1",
        True,
    ),
    Tampered(
        EPISODES,
        "reordered: all episodes",
        forge(predictions=backwards, correct=backwards, classes=backwards),
        "result",
        "the classes of the episodes: expected",
        True,
    ),
    Tampered(
        EPISODES,
        "edited: two classes change places",
        edit_arrays(classes=swap_classes),
        "result",
        "classes differs from what was saved",
        True,
    ),
    Tampered(
        EPISODES,
        "edited and resealed: two classes change places",
        forge(classes=swap_classes),
        "result",
        "in episode 2",
        True,
    ),
    Tampered(
        EPISODES,
        "from another: the episodes of another seed",
        forge(classes=lambda _: ANOTHER[0].classes),
        "result",
        "and others in 6 episodes",
        True,
    ),
    # The protocol and the fingerprints
    Tampered(
        PRINTS,
        "removed: the hash of the images",
        forge(lambda c: c["header"].pop("data_fingerprint")),
        "result",
        "data_fingerprint is missing",
        True,
    ),
    Tampered(
        PRINTS,
        "doubled: the hash of the images",
        forge(in_header(data_fingerprint=2 * GLYPHS.data_fingerprint)),
        "data",
        "expected the reference build of glyphs",
        True,
    ),
    Tampered(
        PRINTS,
        "moved: the hash of the images to the episodes",
        forge(
            lambda c: c["classification"].update(
                episodes_fingerprint=c["header"]["data_fingerprint"]
            )
        ),
        "result",
        "the episodes: expected the fingerprint",
        True,
    ),
    Tampered(
        PRINTS,
        "edited: the protocol",
        edit(RESULT, lambda d: in_protocol(seed=7)(d["content"])),
        "result",
        "the document differs",
        True,
    ),
    Tampered(
        PRINTS,
        "edited and resealed: the protocol",
        forge(other_seed),
        "result",
        "the episodes: expected the fingerprint",
        True,
    ),
    Tampered(
        PRINTS,
        "from another: the images of another dataset",
        forge(in_header(data_fingerprint=OMNIGLOT.data_fingerprint)),
        "result",
        "got those of the split test of omniglot",
        True,
    ),
]


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = tmp_path_factory.mktemp("bundles")
    BUNDLES["another"] = pack(folder, ANOTHER, "another")
    return files_of(pack(folder))


def check_changed(
    files: Files, change: Change, folder: Path, *, seal: bool
) -> CheckedSubmission:
    path = folder / "tampered.fewbench.zip"
    made = change(files)
    if isinstance(made, bytes):
        path.write_bytes(made)
    else:
        write_bundle(path, sealed(files) if seal else files)
    return check_submission(path)


def test_there_are_forty_two() -> None:
    kinds = {(one.place, one.how.split(":")[0].split(",")[0]) for one in TAMPERED}

    assert len(kinds) == len(TAMPERED) == 42
    for place in (ZIP, PAPER, CARD, JSON, ANSWERS, EPISODES, PRINTS):
        assert len([one for one in TAMPERED if one.place == place]) == 6


@pytest.mark.parametrize("case", TAMPERED, ids=lambda one: f"{one.place}: {one.how}")
def test_a_tampered_bundle_is_refused(
    case: Tampered, honest: Files, tmp_path: Path
) -> None:
    checked = check_changed(dict(honest), case.change, tmp_path, seal=case.seal)

    assert not checked.has_passed
    right = [
        line
        for finding, line in zip(checked.findings, lines(checked), strict=True)
        if finding.code == case.code and case.words in line
    ]
    assert right, "\n".join(lines(checked))
    assert all(finding.advice for finding in checked.findings)


def test_a_bundle_that_nobody_changed_passes(honest: Files, tmp_path: Path) -> None:
    for change in (unchanged, forge()):
        checked = check_changed(dict(honest), change, tmp_path, seal=True)
        assert lines(checked) == []


def test_a_forgery_that_passes(tmp_path: Path) -> None:
    """The answers are made up: the labels are public, so anybody can write right answers.

    The label of query j is j // n_query, and a share of the answers is flipped. No model saw
    an image. All hashes, episodes and numbers hold, so the check finds no error, and its level
    of trust is only "re-scored". The same is true of honest answers that were written to other
    episodes. `--rerun` exists for this: it evaluates the checkpoint on these episodes and on
    fresh ones, and made-up answers do not come out again.
    """
    forged = []
    for seed in (0, 1):
        result = build_honest(n_episodes=6, n_query=3, train_seed=seed)
        rng = np.random.default_rng(SEED + seed)
        truth = np.arange(5).repeat(3)
        flips = rng.integers(0, 5, result.predictions.shape)
        is_flipped = rng.random(result.predictions.shape) < 0.1
        answers = np.where(is_flipped, flips, truth).astype(np.uint8)
        forged.append((result, answers))
    made = [
        build_honest(
            n_episodes=6, n_query=3, train_seed=result.train_seed,
            predictions=answers, correct=count_correct(answers, 5),
        )
        for result, answers in forged
    ]  # fmt: skip

    checked = check_submission(pack(tmp_path, made))

    assert checked.has_passed
    assert min(one.result.mean for one in checked.results) > 0.8
