"""A web server for the tests of downloads."""

from collections.abc import Iterator

import pytest

from fewbench_tests.downloads import ANSWERS
from fewbench_tests.servers import Answer, Server, serving


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server with an address for each of ANSWERS and for some statuses, and no proxy."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    with serving(Server()) as server:
        for name, answer in ANSWERS.items():
            server.on(f"/{name}", answer)
        for code in (401, 403, 404, 410, 418, 429, 500):
            server.on(f"/{code}", Answer(status=code))
        yield server
