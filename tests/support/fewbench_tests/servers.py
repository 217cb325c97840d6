"""A web server that follows a script, and a proxy: for tests of downloads."""

import contextlib
import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeVar
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Answer:
    """One answer of the server.

    cut, stall: the connection ends, or falls silent, after that many bytes of the body
    ranges: whether a Range header is heeded, and `heeds_if_range` whether If-Range is
    declared: Content-Length, if it is to lie; -1 for none at all
    pause: the seconds after each byte of the body
    slow_head: a header whose letters come one by one, after the same pause, without an end
    """

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    stall: int | None = None
    ranges: bool = True
    heeds_if_range: bool = True
    declared: int | None = None
    pause: float = 0.0
    slow_head: bool = False


class Handler(BaseHTTPRequestHandler):
    @property
    def script(self) -> "Server":
        assert isinstance(self.server, Server)
        return self.server

    def do_GET(self) -> None:
        self.script.asked.append((self.path, dict(self.headers)))
        script = self.script.scripts.get(self.path, [Answer(status=404)])
        with contextlib.suppress(
            ConnectionError
        ):  # some of the tests make the client hang up
            self.answer(script.pop(0) if len(script) > 1 else script[0])

    def answer(self, answer: Answer) -> None:
        if answer.slow_head:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while not self.script.released.wait(answer.pause):
                self.wfile.write(b"x")
            return
        body, status, headers = answer.body, answer.status, dict(answer.headers)
        known = {answer.headers.get("ETag"), answer.headers.get("Last-Modified")}
        same = self.headers.get("If-Range", "") in known or not answer.heeds_if_range
        asked = self.headers.get("Range")
        if (
            asked
            and status == 200
            and answer.ranges
            and (same or "If-Range" not in self.headers)
        ):
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            status = 206 if start < len(body) else 416
            piece = f"{start}-{len(body) - 1}" if status == 206 else "*"
            headers = {"Content-Range": f"bytes {piece}/{len(body)}"} | headers
            body = body[start:]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if answer.declared != -1:
            length = len(body) if answer.declared is None else answer.declared
            self.send_header("Content-Length", str(length))
        self.end_headers()
        if answer.pause:
            self.drip(body, answer.pause)
            return
        self.wfile.write(body[: answer.stall if answer.cut is None else answer.cut])
        if answer.stall is not None:
            self.script.released.wait(20)

    def drip(self, body: bytes, pause: float) -> None:
        for byte in body:
            self.wfile.write(bytes([byte]))
            self.script.released.wait(pause)

    def log_message(self, format: str, *args: object) -> None:
        """Tests need no access log."""


class Server(ThreadingHTTPServer):
    """Answers each path by its script, whose last answer is repeated; notes what was asked."""

    daemon_threads = False  # so that closing the server waits for its threads

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server_port}"
        self.scripts: dict[str, list[Answer]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.released = threading.Event()

    def on(self, path: str, *answers: Answer) -> str:
        """Script a path; its address."""
        self.scripts[path] = list(answers)
        return self.address + path

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]

    def header(self, name: str) -> list[str | None]:
        """What each request had as this header."""
        return [headers.get(name) for _, headers in self.asked]


class ProxyHandler(BaseHTTPRequestHandler):
    @property
    def proxy(self) -> "Proxy":
        assert isinstance(self.server, Proxy)
        return self.server

    def do_GET(self) -> None:
        self.proxy.asked.append(self.path)
        target = urlsplit(self.path)
        upstream = http.client.HTTPConnection(target.netloc, timeout=10)
        upstream.request("GET", target.path, headers=dict(self.headers))
        response = upstream.getresponse()
        body = response.read()
        self.send_response(response.status)
        for name, value in response.getheaders():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        upstream.close()

    def do_CONNECT(self) -> None:
        self.proxy.asked.append(self.path)
        self.send_error(403)

    def log_message(self, format: str, *args: object) -> None:
        """Tests need no access log."""


class Proxy(ThreadingHTTPServer):
    """Forwards plain requests, refuses tunnels, and notes both."""

    daemon_threads = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), ProxyHandler)
        self.address = f"http://127.0.0.1:{self.server_port}"
        self.asked: list[str] = []


S = TypeVar("S", bound=ThreadingHTTPServer)


@contextmanager
def serving(server: S) -> Iterator[S]:
    """Run a server in a thread, and wait for all its threads at the end."""
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            if isinstance(server, Server):
                server.released.set()
            server.shutdown()
            thread.join()
