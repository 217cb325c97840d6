from pathlib import Path

import pytest

from fewbench.benchmark.guard.comparable import NotComparable
from fewbench.benchmark.guard.references.find_references import find_references
from fewbench.benchmark.guard.references.reference_folder import stored_at
from fewbench.benchmark.guard.regress import checks_of, judge_all, save_new, update
from fewbench.benchmark.guard.verdict import Rules
from fewbench.errors import UserError
from fewbench_tests.guarded import made, runs, store

FIVE = made(n_shot=5, name="glyphs-5w5s")


def test_each_result_finds_the_reference_of_its_protocol(tmp_path) -> None:
    one = store(tmp_path, made())
    five = store(tmp_path, FIVE)
    half = store(tmp_path, made(precision="bf16"), name="half")

    checks = checks_of([FIVE, made(), made(precision="bf16")], [one, five, half])

    assert [check.stored for check in checks] == [five, one, half]


@pytest.mark.parametrize(
    ("result", "found"),
    [
        (made(n_shot=5, name="glyphs-5w5s", precision="bf16"), "none"),
        (made(recipe={"backend": "higher"}), "none"),
        (made(), "a, b"),
    ],
)
def test_no_reference_or_several_are_refused(tmp_path, result, found) -> None:
    references = [store(tmp_path, made(), name=name) for name in ("a", "b")]

    with pytest.raises(NotComparable, match=f"got {found}. Choose one with --name"):
        checks_of([result], references)


def test_runs_of_one_recipe_are_one_check(tmp_path) -> None:
    retrained = store(tmp_path, *runs(3))
    same = store(tmp_path, FIVE)
    new = [made(0.8, k, train_seed=k) for k in (50, 51)]

    checks = checks_of([*new, FIVE, FIVE], [retrained, same])

    assert [len(check.results) for check in checks] == [2, 1, 1]
    judged = judge_all(checks, Rules(alpha=0.06))
    [(_, verdict), *_] = judged
    alone = checks[0].verdict(Rules(alpha=0.02))
    assert verdict == alone


def test_a_reference_of_each_protocol_is_saved(tmp_path) -> None:
    saved = save_new([made(), FIVE], tmp_path / "set", "mine", "same")

    assert [one.reference.key.protocol for one in saved] == [
        "glyphs-5w1s",
        "glyphs-5w5s",
    ]
    with pytest.raises(UserError, match="already"):
        save_new([made()], tmp_path / "set", "mine", "same")


def test_of_several_protocols_all_are_saved_or_none(tmp_path) -> None:
    place = tmp_path / "set"
    save_new([FIVE], place, "mine", "same")
    before = {path: path.read_bytes() for path in sorted(place.rglob("*.json"))}

    with pytest.raises(UserError, match="already"):
        save_new([made(), FIVE], place, "mine", "same")
    with pytest.raises(UserError, match="is one result"):
        save_new([made(), FIVE, FIVE], place, "yours", "same")

    assert {path: path.read_bytes() for path in sorted(place.rglob("*.json"))} == before


@pytest.mark.parametrize("damage", ["an edit", "too many results"])
def test_of_several_protocols_all_are_updated_or_none(tmp_path, damage) -> None:
    references = [store(tmp_path, made(), test=""), store(tmp_path, FIVE, test="")]
    results = [made(rng_seed=2), FIVE]
    if damage == "an edit":
        path = references[1].folder / "reference.json"
        path.write_text(path.read_text().replace('"reason": ""', '"reason": "ok"'))
    else:
        results.append(FIVE)

    with pytest.raises(UserError):
        update(results, references, "why", retrained=False)

    assert stored_at(references[0].folder) == references[0]


@pytest.mark.parametrize("path", [".", "reference.json"])
def test_a_reference_is_updated_from_its_own_folder(tmp_path, monkeypatch, path):
    folder = store(tmp_path, made(), test="").folder
    monkeypatch.chdir(folder)

    [new] = update(
        [made(rng_seed=2)], find_references(Path(path)), "why", retrained=False
    )

    assert new.folder == folder
    assert list(folder.parent.iterdir()) == [folder]


def test_an_update_keeps_name_test_and_history(tmp_path) -> None:
    stored = store(tmp_path, made(), test="test_models.py::test_mine")

    [new] = update(runs(3), [stored], "now with a spread", retrained=True)

    assert new.folder == stored.folder
    assert new.reference.kind == "retrained"
    assert new.reference.test == "test_models.py::test_mine"
    assert [one.reason for one in new.reference.history] == ["", "now with a spread"]
    with pytest.raises(
        UserError, match="expected results on glyphs-5w1s, got some on glyphs-5w5s"
    ):
        update([FIVE], [new], "why", retrained=False)
