"""fewbench compare: which of two results is better, and is a published number reproduced?"""

from collections.abc import Sequence
from dataclasses import asdict
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any

import typer

from .console import Json, emit, table
from .describe import named, result_document
from .options import Level, load_in_order
from .percent import accuracy, digits, points


def compare(
    results: Annotated[
        list[Path],
        typer.Argument(help="Results (.json) on the same episodes, or their folders."),
    ],
    margin: Annotated[
        float | None,
        typer.Option(
            parser=points, metavar="POINTS", help="Of the test against --published: 1%."
        ),
    ] = None,
    published: Annotated[
        float | None,
        typer.Option(
            parser=accuracy, metavar="ACC", help="A published accuracy, e.g. 98.8%."
        ),
    ] = None,
    half_width: Annotated[
        float | None,
        typer.Option(
            "--published-half-width",
            parser=points,
            metavar="POINTS",
            help="Its ±, e.g. 0.2%.",
        ),
    ] = None,
    level: Level = "95%",  # pyright: ignore[reportArgumentType] - parsed like any other text
    as_json: Json = False,
) -> None:
    """Compare results on the same episodes, pair by pair; or each with a published number.

    A difference is positive when the first of the pair is better. With more than two results
    the p-values are adjusted for the number of pairs (Holm). It is about these runs on these
    test images: other training seeds may differ by more.
    """
    _check_options(margin, published, half_width)
    loaded = load_in_order(results)
    if len(loaded) < 2 and published is None:
        raise typer.BadParameter(
            "expected at least 2 results, or one and a number: --published 98.8% --margin 1%; "
            f"got {len(loaded)}"
        )
    pairs = _pairs(loaded, level)
    tests = []
    if published is not None and margin is not None:
        from ...reports.stats.equivalence import reproduced

        tests = [
            reproduced(one, published, margin, level, half_width) for one in loaded
        ]
    document = {
        "results": [result_document(one, level) for one in loaded],
        "comparisons": [_comparison(*pair) for pair in pairs],
        "equivalence": [_equivalence(i, one) for i, one in enumerate(tests)],
    }
    emit(document, _compare_text(loaded, pairs, tests, level), as_json)


def _check_options(
    margin: float | None, published: float | None, half_width: float | None
) -> None:
    if (published is None) != (margin is None) or (
        half_width is not None and published is None
    ):
        raise typer.BadParameter(
            "the test against a published number needs both: --published 98.8% --margin 1%"
        )


def _pairs(results: Sequence[Any], level: float) -> list[tuple[int, int, Any]]:
    """Each pair by position with its comparison: a bootstrap only where there is a single one."""
    from ...reports.stats.comparisons import compare as compare_two
    from ...reports.stats.comparisons import compare_all

    if len(results) < 2:
        return []
    if len(results) == 2:
        return [(0, 1, compare_two(results[0], results[1], level))]
    positions = combinations(range(len(results)), 2)
    found = compare_all(results, level)
    return [(i, j, one) for (i, j), one in zip(positions, found, strict=True)]


def _points(value: float) -> str:
    return f"{100 * value:+.2f}"


def _p(value: float) -> str:
    return "< 0.0001" if value < 1e-4 else f"{value:.4f}"


def _comparison(i: int, j: int, found: Any) -> dict[str, Any]:
    names = ["difference", "p_value", "p_adjusted", "superiority", "n"]
    return {
        "a": i,
        "b": j,
        "interval": asdict(found.interval),
        "bootstrap": asdict(found.bootstrap) if found.bootstrap else None,
        **{name: getattr(found, name) for name in names},
    }


def _equivalence(i: int, found: Any) -> dict[str, Any]:
    return {"result": i, **asdict(found)}


def _compare_text(
    results: Sequence[Any],
    pairs: Sequence[tuple[int, int, Any]],
    tests: Sequence[Any],
    level: float,
) -> str:
    from ...reports.stats.intervals import result_interval

    found = [result_interval(one, level) for one in results]
    rows = [
        [str(i), named(one), str(interval), f"{interval.kind}, {digits(100 * level)} %"]
        for i, (one, interval) in enumerate(zip(results, found, strict=True), start=1)
    ]
    blocks = [table(["", "result", "accuracy", "kind of ±"], rows)]
    if marks := _marks(results):
        blocks.append(marks)
    if pairs:
        blocks.append(_pairs_table(pairs, level))
    if tests:
        blocks.append("\n".join(f"{i}: {one}" for i, one in enumerate(tests, start=1)))
    return "\n\n".join(blocks)


def _marks(results: Sequence[Any]) -> str:
    from ...reports.tables.footnotes import PARTIAL_NOTE, TRANSDUCTIVE_NOTE

    notes = [TRANSDUCTIVE_NOTE] * any(one.transductive for one in results)
    notes += [PARTIAL_NOTE] * any(one.partial for one in results)
    return "\n".join(notes)


def _pairs_table(pairs: Sequence[tuple[int, int, Any]], level: float) -> str:
    several = len(pairs) > 1
    header = [
        "pair",
        "difference",
        f"{digits(100 * level)} % limits",
        "kind",
        "bootstrap",
        "p",
    ]
    header += ["p (Holm)"] * several + ["superiority"]
    rows = []
    for i, j, one in pairs:
        row = [f"{i + 1} - {j + 1}", _points(one.difference), _limits(one.interval)]
        row += [one.interval.kind, _limits(one.bootstrap) if one.bootstrap else "–"]
        row += [_p(one.p_value)]
        row += [_p(one.p_adjusted)] * several + [f"{100 * one.superiority:.1f} %"]
        rows.append(row)
    if several:  # only a single pair is bootstrapped
        header, rows = (
            [*header[:4], *header[5:]],
            [[*row[:4], *row[5:]] for row in rows],
        )
    n = pairs[0][2].n
    how = (
        f"differences in points, paired over the same {n:,} episodes. superiority: how often the "
        "first is right more often\nthan the second in an episode, ties counted half. About these "
        "runs on these test images, not other training seeds"
    )
    if any(one.interval.kind != "paired-t" for _, _, one in pairs):
        how += (
            "\nlittle-spread: equal in all or all but a few episodes; paired-anytime: stopped when "
            "it suited. Limits and p are by betting then"
        )
    return f"{table(header, rows)}\n\n{how}"


def _limits(interval: Any) -> str:
    return f"[{_points(interval.low)}, {_points(interval.high)}]"
