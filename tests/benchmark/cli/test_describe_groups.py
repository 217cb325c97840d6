from pathlib import Path

from fewbench.benchmark.cli.describe_groups import (
    ComparedGroup,
    folders_text,
    groups_document,
    groups_text,
)
from fewbench.benchmark.compare_groups import Saved
from fewbench.benchmark.compare_results import compare_results
from fewbench.reports.stats.non_inferiority import Limits
from fewbench_tests.made_results import build_result


def group(protocol: str, limits: Limits | None = None) -> ComparedGroup:
    pair = [build_result(0.9, seed, name=protocol) for seed in (1, 2)]
    compared = compare_results(pair, 0.95, limits=limits)
    return ComparedGroup(compared, [f"new/{protocol}.json", f"old/{protocol}.json"])


def test_each_pair_of_two_folders_has_a_row_with_its_verdict_and_its_files() -> None:
    pairs = [group("p", Limits(0.5)), group("q", Limits(0.5))]
    lines = folders_text(pairs).splitlines()
    assert lines[0].split()[-1] == "verdict"
    assert lines[1].startswith("1  protonet conv4-64 fp32 seed 0 on p")
    assert lines[2].endswith("  pass")
    assert lines[-1].split() == ["2:", "new/q.json", "old/q.json"]


def test_equal_results_have_no_limits() -> None:
    result = build_result(0.9, 1)
    same = ComparedGroup(compare_results([result, result], 0.95), ["a", "b"])
    row = folders_text([same, group("q")]).splitlines()[1]
    assert row.split()[-3:] == ["+0.00", "equal", "–"]


def test_groups_are_headed_by_their_protocol() -> None:
    blocks = groups_text([group("p"), group("q")]).split("\n\n\n")
    assert [block.splitlines()[0] for block in blocks] == ["p", "q"]


def test_a_single_group_keeps_its_keys_at_the_top() -> None:
    alone = [Saved(Path("new/r.json"), build_result())]
    one = groups_document([group("p")], alone)
    assert one["comparisons"] == one["groups"][0]["comparisons"]
    assert [result["file"] for result in one["results"]] == ["new/p.json", "old/p.json"]
    assert one["without_partner"] == ["new/r.json"]
    two = groups_document([group("p"), group("q")], [])
    assert sorted(two) == ["groups", "without_partner"]
