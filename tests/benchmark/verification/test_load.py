"""Honest results are loaded. Forgeries, hashed again, are refused or marked."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fewbench
from fewbench.benchmark.protocols.rebuild import _rebuilt
from fewbench.benchmark.published_numbers import published_numbers
from fewbench.benchmark.verification.load import load_results
from fewbench.datasets import BUILDERS
from fewbench.reports.published import pairs_beside
from fewbench.reports.records import ResultError, RunResult
from fewbench.reports.result_files import save_result
from fewbench_tests.forgeries import forge
from fewbench_tests.honest_results import build_honest
from fewbench_tests.made_results import one_bin

HONEST = build_honest(0.5, 1)
OMNIGLOT = build_honest(
    0.9, 2, name="omniglot-5w1s", dataset="omniglot", rotations=True, n_episodes=9
)
DISJOINT = build_honest(0.5, 3, sampling="disjoint", interval="open", n_episodes=9)


def of_protocol(result: RunResult = HONEST, **changes: Any) -> RunResult:
    """A result whose protocol was changed after the evaluation."""
    return replace(result, protocol=replace(result.protocol, **changes))


def best_episodes(n: int, **card: Any) -> RunResult:
    """The best episodes alone, as if they were the first."""
    best = np.sort(np.argsort(-HONEST.correct)[:n])
    card = {"name": f"glyphs-5w1s-{n}ep", "n_episodes": n} | card
    return replace(
        HONEST,
        protocol=replace(HONEST.protocol, **card),
        predictions=HONEST.predictions[best],
        correct=HONEST.correct[best],
        classes=HONEST.classes[best],
    )


def best_episodes_twice() -> RunResult:
    best = best_episodes(20)
    arrays = {}
    for name in ("predictions", "correct", "classes"):
        array = getattr(best, name)
        arrays[name] = np.concatenate([array, array])
    return replace(HONEST, **arrays)


def sizes(**changes: int) -> np.ndarray:
    changed = HONEST.class_sizes.copy()
    for place, size in changes.items():
        changed[int(place[1:])] = size
    return changed


def names_of_train() -> np.ndarray:
    class_list = BUILDERS["omniglot"].class_list
    assert class_list is not None
    train = [name for name, split in class_list().items() if split == "train"][:423]
    return np.array(
        [f"{name}/rot{angle:03d}" for angle in (0, 90, 180, 270) for name in train]
    )


REFUSED: dict[str, tuple[Callable[[], RunResult], str]] = {
    "glyphs called miniImageNet": (
        lambda: replace(
            of_protocol(name="miniimagenet-5w1s-40ep", dataset="miniimagenet"),
            data_fingerprint="aaaa",
        ),
        "the size of the split: expected 20 classes with 12,000 images.*got 117 classes",
    ),
    "with the hash of glyphs": (
        lambda: of_protocol(name="miniimagenet-5w1s-40ep", dataset="miniimagenet"),
        "the images: expected those of the split test of miniimagenet, got those of the "
        "split test of glyphs",
    ),
    "the name of the catalogue": (
        lambda: of_protocol(name="glyphs-5w1s"),
        "the name of the protocol: expected glyphs-5w1s-40ep, which fits the settings, got "
        "glyphs-5w1s[.]",
    ),
    "the name of another protocol": (
        lambda: of_protocol(name="omniglot-5w1s-40ep"),
        "expected omniglot-5w1s-on-glyphs-no-rotations-40ep, which fits",
    ),
    "a name with other ways": (
        lambda: of_protocol(name="glyphs-5w1s-10way-40ep"),
        "expected glyphs-5w1s-40ep.*got glyphs-5w1s-10way-40ep",
    ),
    "sorted classes": (
        lambda: replace(HONEST, classes=np.sort(HONEST.classes)),
        "the classes of the episodes: expected .* in episode 0, got .* and others in [34]",
    ),
    "one class in one episode": (
        lambda: replace(HONEST, classes=other_class(37)),
        "the classes of the episodes: expected .* in episode 37, got .* others in 1 ",
    ),
    "another fingerprint of the episodes": (
        lambda: replace(HONEST, episodes_fingerprint="ab" * 32),
        "the episodes: expected the fingerprint .* got abab",
    ),
    "another seed": (
        lambda: of_protocol(name="glyphs-5w1s-seed1-40ep", seed=1),
        "the episodes: expected the fingerprint",
    ),
    "the best episodes": (
        lambda: best_episodes(20),
        "the episodes: expected the fingerprint",
    ),
    "the best episodes twice": (
        best_episodes_twice,
        "the classes of the episodes: expected",
    ),
    "fewer episodes under the old name": (
        lambda: best_episodes(20, name="glyphs-5w1s-40ep"),
        "the name of the protocol: expected glyphs-5w1s-20ep",
    ),
    "overlapping episodes called disjoint": (
        lambda: of_protocol(
            name="glyphs-5w1s-disjoint-40ep", sampling="disjoint", interval="open"
        ),
        "the episodes: .*expected at most 23 episodes, because there are no more that share",
    ),
    "few of them": (
        lambda: best_episodes(
            9, name="glyphs-5w1s-disjoint-9ep", sampling="disjoint", interval="open"
        ),
        "the episodes: expected the fingerprint",
    ),
    "not all disjoint episodes": (
        lambda: of_protocol(DISJOINT, name="glyphs-5w1s-disjoint"),
        "disjoint episodes: expected 23 episodes, as many as share no image, got 9",
    ),
    "more images in a class": (
        lambda: replace(HONEST, class_sizes=sizes(c3=21)),
        "the size of the split: expected 117 classes with 2,340 images.*2,341",
    ),
    "as many images, in other classes": (
        lambda: replace(HONEST, class_sizes=sizes(c3=21, c4=19)),
        "the episodes: expected the fingerprint",
    ),
    "classes too small": (
        lambda: replace(HONEST, class_sizes=sizes(c3=5), partial=True),
        "the episodes: expected class sizes that allow glyphs-5w1s-40ep, got",
    ),
    "another split": (
        lambda: of_protocol(name="glyphs-5w1s-val-40ep", split="val"),
        "the images: expected those of the split val of glyphs, got those of the split test",
    ),
    "no such split": (
        lambda: of_protocol(name="glyphs-5w1s-validation-40ep", split="validation"),
        "the split: expected train or val or test, got validation",
    ),
    "training classes": (
        lambda: replace(OMNIGLOT, class_names=names_of_train()),
        "the names of the classes: expected classes of the split test of omniglot",
    ),
    "names of other rotations": (
        lambda: replace(OMNIGLOT, class_names=OMNIGLOT.class_names[::-1]),
        "the names of the classes: expected the names of each rotation",
    ),
    "listed episodes under the name of others": (
        lambda: of_protocol(sampling="listed"),
        "the name of the protocol: expected glyphs-5w1s-listed-40ep",
    ),
}


def other_class(episode: int) -> np.ndarray:
    classes = HONEST.classes.copy()
    free = np.setdiff1d(np.arange(117), classes[episode])
    classes[episode, 4] = free[0]
    return classes


@pytest.mark.parametrize("name", REFUSED)
def test_a_forged_result_is_refused(name: str, tmp_path: Path) -> None:
    make, complaint = REFUSED[name]
    path = save_result(make(), tmp_path)
    with pytest.raises(ResultError, match=complaint) as raised:
        fewbench.load_results(tmp_path)
    message = str(raised.value)
    assert message.startswith(f"{path}: ")
    assert "Evaluate again: fewbench evaluate LEARNER --protocol " in message


def test_forged_calibration_is_refused(tmp_path: Path) -> None:
    table = one_bin(HONEST.predictions, 5, 50)
    path = save_result(replace(HONEST, calibration=table), tmp_path)
    assert len(load_results([path])) == 1
    table[50, 1] = 9
    forge(path, calibration=table)
    with pytest.raises(ResultError, match="calibration: expected .* right answers"):
        load_results([path])


def test_a_forged_accuracy_is_refused(tmp_path: Path) -> None:
    path = save_result(HONEST, tmp_path)

    def claim(content: dict[str, Any]) -> None:
        content["classification"]["accuracy"]["mean"] = "99.0000 %"

    forge(path, claim)
    with pytest.raises(ResultError, match=r"accuracy: expected .* got 99\.0000 %"):
        load_results([path])


@pytest.mark.parametrize(
    "result",
    [
        HONEST,
        OMNIGLOT,
        DISJOINT,
        build_honest(0.4, 4, name="finn2017-omniglot-5w1s", dataset="omniglot",
                     task_rotations=True, n_query=1, adaptation_steps=3,
                     interval="legacy-z", n_episodes=30),
        build_honest(0.4, 5, name="my-own", n_way=3),
        build_honest(0.4, 6, name="tieredimagenet-5w1s", dataset="tieredimagenet"),
        build_honest(0.4, 7, split="val", seed=4, n_way=7),
        of_protocol(name="glyphs-5w1s-until-0.1pct", interval="anytime"),
        of_protocol(name="glyphs-5w1s-listed-40ep", sampling="listed"),
    ],
    ids=lambda result: result.protocol.name,
)  # fmt: skip
def test_an_honest_result_is_loaded(result: RunResult, tmp_path: Path) -> None:
    save_result(result, tmp_path)
    (loaded,) = load_results([tmp_path])
    assert loaded.header() == result.header()
    assert loaded.data_standing is not None


@pytest.mark.parametrize(
    ("changes", "standing", "said"),
    [
        ({}, "reference", ""),
        (
            {"data_fingerprint": "aaaa"},
            "other",
            "ours: other images than the reference",
        ),
        (
            {"dataset": "miniimagenet"},
            "no reference",
            "no reference build of miniimagenet",
        ),
    ],
)
def test_images_that_nobody_knows_are_marked(
    changes: dict[str, Any], standing: str, said: str, tmp_path: Path
) -> None:
    card = {"dataset": "omniglot", "rotations": True, "n_episodes": 9} | changes
    card["name"] = f"{card['dataset']}-5w1s"
    save_result(build_honest(0.9, 1, **card), tmp_path)
    (result,) = load_results([tmp_path])
    assert result.data_standing == standing
    pairs = pairs_beside([result], published_numbers())
    assert pairs
    for pair in pairs:
        differs_in = "; ".join(pair.differs_in)
        assert (said in differs_in) if said else ("ours: " not in differs_in)


def test_episodes_are_drawn_once_for_equal_cards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _rebuilt.cache_clear()
    for seed in range(4):
        save_result(replace(HONEST, train_seed=seed), tmp_path)
    save_result(build_honest(0.5, 1, n_shot=2), tmp_path)
    assert len(load_results([tmp_path])) == 5
    assert _rebuilt.cache_info().misses == 2
