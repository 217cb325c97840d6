from fewbench.benchmark.cli.describe_regress import (
    checks_document,
    checks_text,
    dropped_text,
    saved_document,
    saved_text,
)
from fewbench.benchmark.guard.regress import checks_of, judge_all, update
from fewbench.benchmark.guard.verdict import Rules
from fewbench_tests.guarded import OTHER_MACHINE, made, runs, store


def test_a_check_is_told_with_rule_reason_and_remarks(tmp_path) -> None:
    stored = store(tmp_path, made())
    new = [made(environment=OTHER_MACHINE), made(rng_seed=4)]
    judged = judge_all(checks_of(new, [stored]), Rules())

    text = checks_text(judged, Rules())

    assert text.startswith("PASS: protonet conv4-64 fp32 seed 0 on glyphs-5w1s\n")
    assert "\n  rule: no worse, under other conditions\n" in text
    assert (
        "\n  The reference was made under other conditions: instruction set AVX2 there"
        in text
    )
    assert "FAIL: " in text
    assert text.endswith("1 pass, 1 fail; alpha 5 % for all 2 checks, 2.5 % for each")
    document = checks_document(judged, Rules())
    assert document["alpha_of_each_check"] == 0.025
    assert [one["outcome"] for one in document["checks"]] == ["pass", "fail"]
    assert document["checks"][0]["results"] == ["glyphs-5w1s__protonet__seed0"]


def test_saved_references_are_told(tmp_path) -> None:
    saved = [store(tmp_path, made(), name="one"), store(tmp_path, *runs(3))]

    first, second = saved_text(saved).splitlines()

    assert first == f"{saved[0].folder}: saved {100 * saved[0].reference.mean:.2f} %"
    assert second.endswith("(standard deviation, 3 runs)")
    assert [one["runs"] for one in saved_document(saved)["saved"]] == [1, 3]


def test_it_is_told_that_ten_times_the_episodes_are_dropped(tmp_path) -> None:
    many = made(n_episodes=400, name="glyphs-5w1s-400ep")
    old = store(tmp_path, made(), ten_times=many)
    new = update([made(rng_seed=4)], [old], "why", retrained=False)

    text = dropped_text([old], new)

    assert text.startswith(f"{old.folder}: its ten times the episodes were removed")
    assert dropped_text(new, new) == ""
