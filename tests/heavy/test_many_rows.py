"""A page of 10,000 rows answers a filter in less than a tenth of a second.

What counts is the processor time of the page, from the choice to the finished drawing, so
that other programs on the machine do not matter.
"""

import dataclasses
import statistics
import sys
from pathlib import Path

import pytest

from fewbench.reports.leaderboard.board_rows import Rank, Row, table_of
from fewbench.reports.leaderboard.pages import protocol_page
from fewbench.reports.leaderboard.site import write_site
from fewbench_tests.chromium import opened_browser
from fewbench_tests.made_boards import PROTOCOL, make_board

MOST_MILLISECONDS = 100
CHOICES = [
    ("text", "variant 99"), ("text", ""), ("way", "transductive"), ("way", ""),
    ("backbone", "net-3"), ("backbone", ""), ("trust", "0"), ("trust", "3"), ("trust", ""),
]  # fmt: skip
CHOOSE = """async ([name, value]) => {
    const control = document.querySelector(`form.filters [name=${name}]`);
    control.value = value;
    control.dispatchEvent(new Event("input", {bubbles: true}));
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
}"""


def many_rows(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """10,000 rows like these, with invented ranks and names."""
    found = []
    for i in range(10_000):
        row = rows[i % len(rows)]
        changed = dataclasses.replace(
            row,
            method=f"{row.method} (variant {i})",
            mean=round(0.9 - i / 20_000, 8),
            rank=Rank(i + 1, i + 9) if row.rank else None,
            backbone=f"net-{i % 37}",
            trust=("re-scored", "re-run", "re-trained")[i % 7 % 3],
            transductive=i % 5 == 0,
        )
        found.append(changed)
    return tuple(found)


@pytest.fixture(scope="module")
def page_path(tmp_path_factory) -> Path:
    board = make_board()
    table = table_of(board, PROTOCOL)
    big = dataclasses.replace(table, rows=many_rows(table.rows))
    site = write_site(board, tmp_path_factory.mktemp("site")).parent
    path = site / "protocols" / PROTOCOL.name / "index.html"
    path.write_text(protocol_page(board, big), encoding="utf-8")
    return path


def test_a_filter_answers_at_once(page_path: Path) -> None:
    with opened_browser() as browser:
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.goto(page_path.as_uri())
        client = page.context.new_cdp_session(page)
        client.send("Performance.enable", {"timeDomain": "threadTicks"})

        def spent() -> float:
            metrics = client.send("Performance.getMetrics")["metrics"]
            (seconds,) = [
                one["value"] for one in metrics if one["name"] == "TaskDuration"
            ]
            return 1000 * seconds

        taken = []
        for choice in 3 * CHOICES:
            before = spent()
            page.evaluate(CHOOSE, list(choice))
            taken.append(spent() - before)

        median = statistics.median(taken)
        sys.stdout.write(f"median {median:.0f} ms, most {max(taken):.0f} ms\n")
        assert median < MOST_MILLISECONDS
        assert page.locator("#shown").inner_text() == "50 of 10,000 rows shown"
        page.get_by_role("button", name="Show more rows").click()
        assert page.locator("#entries tbody tr").count() == 100
        page.get_by_label("text").fill("9990)")
        assert page.locator("#entries tbody td").first.inner_text() == "9991–9999"
