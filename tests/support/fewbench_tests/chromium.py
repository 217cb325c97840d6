"""Debian's chromium, driven by playwright, without network.

Whoever imports this skips where one of them is missing.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from fewbench_tests.programs import missing, program

try:
    from playwright import sync_api
except ImportError as error:
    raise missing("needs playwright: pip install playwright") from error
CHROMIUM = program("chromium", "chromium-browser", install="apt-get install chromium")

FLAGS = (
    *(
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
    ),
    *(
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ),
)


@contextmanager
def opened_browser() -> Iterator[sync_api.Browser]:
    """A browser without any window; it closes at the end of the `with` block."""
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=FLAGS, headless=True
        )
        yield browser
        browser.close()
