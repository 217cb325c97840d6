from pathlib import Path

import pytest

from fewbench.datasets.downloads import body
from fewbench.datasets.downloads.fetch import fetch
from fewbench.datasets.info import DataError, Source
from fewbench_tests.servers import Answer, Server


def test_server_that_sends_a_byte_now_and_then_is_given_up(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body, "_WATCHED_SECONDS", 0.2)
    url = server.on("/slow", Answer(bytes(10**4), pause=0.02))
    with pytest.raises(DataError, match=r"only \d+ bytes came in \d+ seconds \(6"):
        fetch(Source("images.zip", (url,)), tmp_path, timeout=1)
