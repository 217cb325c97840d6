"""The command `fewbench compare`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fewbench.errors import UserError

from .console import emit, say
from .inputs import load_with_files
from .options import Json, Level
from .percent import accuracy, digits, points

if TYPE_CHECKING:
    from ...reports.stats.non_inferiority import Limits
    from ..compare_groups import Groups
    from ..compare_results import PublishedMean


def compare(
    results: Annotated[
        list[Path],
        typer.Argument(
            metavar="RESULT...",
            help="Results (.json files), or folders with results. Two folders are compared "
            "pair by pair.",
        ),
    ],
    margin: Annotated[
        float | None,
        typer.Option(
            parser=points,
            metavar="POINTS",
            help="Largest drop of the first result from the second that passes, "
            "or largest difference from --published that counts as "
            "reproduced, e.g. 0.5%.",
        ),
    ] = None,
    published: Annotated[
        float | None,
        typer.Option(
            parser=accuracy,
            metavar="ACCURACY",
            help="Published accuracy to test each result against, e.g. 98.8%. Needs "
            "--margin.",
        ),
    ] = None,
    half_width: Annotated[
        float | None,
        typer.Option(
            "--published-half-width",
            parser=points,
            metavar="POINTS",
            help="Half-width (±) that the source prints beside the accuracy, e.g. 0.2%.",
        ),
    ] = None,
    two_sided: Annotated[
        bool,
        typer.Option(
            "--two-sided",
            help="With --margin: judge a rise like a drop, so that a pass means equivalent.",
        ),
    ] = False,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict",
            help="Exit with 1 also if undecided, or if a result has no partner.",
        ),
    ] = False,
    level: Level = "95%",  # pyright: ignore[reportArgumentType] - Typer parses it
    as_json: Json = False,
) -> None:
    """Compare results with each other, or with a published accuracy.

    Results on the same episodes are compared in pairs. A positive difference
    means that the first result of the pair is better. For more than two
    results, the p-values are also adjusted for the number of pairs (Holm).

    Results on several protocols are compared protocol by protocol. Of two
    folders, the results of one protocol and learner are compared; what has no
    partner is named.

    With --margin, the first of two results is the new one. It passes if it is
    surely worse than the second by less than the margin, or not worse, and
    fails if it is surely worse by more. The exit code is 1 for fail and for not
    reproduced, and 0 for pass and undecided.

    The comparison holds only for these training runs and these test images.
    Runs with other training seeds may differ by more.
    """
    from ..compare_results import compare_results
    from .describe_groups import (
        ComparedGroup,
        folders_text,
        groups_document,
        groups_text,
    )

    limits = gate_limits(margin, published, two_sided, level)
    target = published_mean(published, None if limits else margin, half_width)
    if strict and limits is None and target is None:
        raise UserError(
            "--strict: has no effect without a test: expected --margin, got none. Type "
            "for example: fewbench compare NEW.json OLD.json --margin 0.5% --strict"
        )
    found = None if target else folder_pairs(results)
    describe = folders_text if found else groups_text
    if found is None:
        found = file_groups(results, one_group=target is not None)
    groups: list[ComparedGroup] = []
    for group in found.groups:
        loaded = [one.result for one in group]
        compared = compare_results(loaded, level, target, limits)
        groups.append(ComparedGroup(compared, [str(one.path) for one in group]))
    emit(groups_document(groups, found.alone), describe(groups), as_json)
    for one in found.alone:
        say(f"{one.path}: has no partner, so it is not compared")
    passes = all(compared.passes(strict=strict) for compared, _ in groups)
    if not passes or (strict and found.alone):
        raise typer.Exit(1)


def folder_pairs(paths: Sequence[Path]) -> "Groups | None":
    """Return the pairs of results in two folders.

    Return None if the paths are not two folders, or if no result has a partner.
    """
    from ..compare_groups import Saved, pair_folders

    if len(paths) != 2 or not all(path.is_dir() for path in paths):
        return None
    if paths[0].resolve() == paths[1].resolve():
        return None  # an error says that a path is given twice
    first, second = ([Saved(*one) for one in load_with_files([path])] for path in paths)
    pairs = pair_folders(first, second)
    return pairs if pairs.groups else None


def file_groups(paths: Sequence[Path], *, one_group: bool) -> "Groups":
    """Return results as groups that are compared.

    one_group: whether all results are one group, and a single one is enough
    Raises UserError if there is a single result, unless one is enough.
    """
    from ..compare_groups import Groups, Saved, group_by_protocol

    loaded = [Saved(*one) for one in load_with_files(paths)]
    if one_group:
        return Groups([loaded], [])
    if len(loaded) < 2:
        raise UserError(
            f"RESULT: expected at least 2 results, or one result and a published "
            f"number, got {len(loaded)}. Add a second result, or add for example "
            f"--published 98.8% --margin 1%"
        )
    return group_by_protocol(loaded)


def gate_limits(
    margin: float | None, published: float | None, two_sided: bool, level: float
) -> "Limits | None":
    """Return what counts as worse from the options; None without a test of two results.

    margin, published, two_sided: the values of these options; fractions
    level: the confidence level; the risk of each error is 1 - level
    Raises UserError for --two-sided without --margin, or a level of at most 50 % with it.
    """
    from ...reports.stats.non_inferiority import Limits

    if margin is not None and published is None:
        if level <= 0.5:
            raise UserError(
                f"--level {digits(100 * level)}%: expected more than 50 % with --margin, "
                f"since 100 % minus the level is the risk of an error. Type for example "
                f"--level 95%"
            )
        alpha = round(1 - level, 12)
        return Limits(margin, margin, alpha, two_sided)
    if two_sided:
        raise UserError(
            "--two-sided: has no effect here: expected --margin and no --published. Type "
            "for example: fewbench compare NEW.json OLD.json --margin 0.5% --two-sided"
        )
    return None


def published_mean(
    published: float | None, margin: float | None, half_width: float | None
) -> "PublishedMean | None":
    """Return the published accuracy from the options; None if no option is given.

    published: the value of --published, as a fraction
    margin: the value of --margin, as a fraction
    half_width: the value of --published-half-width, as a fraction
    Raises UserError if some of these options are given, but not both --published and
    --margin.
    """
    from ..compare_results import PublishedMean

    if published is not None and margin is not None:
        return PublishedMean(published, margin, half_width)
    if published is None and margin is None and half_width is None:
        return None
    raise UserError(
        "--published: the test against a published accuracy needs both --published and "
        "--margin, but not both are given. Type for example --published 98.8% "
        "--margin 1%"
    )
