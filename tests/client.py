"""An HTTP/1.1 client for tests: connections, requests and whole answers, to the byte."""

import contextlib
import http.client
import socket
import ssl
from typing import NamedTuple

LIMIT = 60.0  # seconds that any one answer may take


class Answer(NamedTuple):
    status: int
    headers: http.client.HTTPMessage  # headers["Name"] is None if there is none
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


class Connection:
    """One connection; `receive_buffer` bytes wait in the kernel, and no packet has more than `segment`
    bytes, if they are given."""

    def __init__(
        self,
        port: int,
        *,
        receive_buffer: int = 0,
        segment: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.socket = socket.socket()
        self.socket.settimeout(LIMIT)
        if segment:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, segment)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.connect(("127.0.0.1", port))
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        self.stream = self.socket.makefile("rb")

    def ask(self, target: str, method: str = "GET", body: str = "", **headers: str) -> None:
        """Sends a request. A header's name may have "_" for "-"."""
        lines = {"Host": "localhost"} | {k.replace("_", "-"): v for k, v in headers.items()}
        if body:
            lines["Content-Length"] = str(len(body))
        head = [f"{method} {target} HTTP/1.1", *map(": ".join, lines.items()), "", body]
        self.socket.sendall("\r\n".join(head).encode())

    def answer(self, method: str = "GET") -> Answer:
        """The next answer, to a request by that method; ConnectionError if it does not come whole."""
        line = self.stream.readline()
        if not line:
            raise ConnectionError("closed without an answer")
        status, headers = int(line.split()[1]), http.client.parse_headers(self.stream)
        if method == "HEAD" or status in (204, 304):
            return Answer(status, headers, b"")
        return Answer(status, headers, self.read_body(headers))

    def read_body(self, headers: http.client.HTTPMessage) -> bytes:
        if headers["Transfer-Encoding"] == "chunked":
            return b"".join(iter(self.read_chunk, b""))
        return self.read(int(headers["Content-Length"] or 0))

    def read_chunk(self) -> bytes:
        chunk = self.read(int(self.stream.readline() or b"0", 16))
        self.stream.readline()
        return chunk

    def read(self, length: int) -> bytes:
        data = self.stream.read(length)
        if len(data) < length:
            raise ConnectionError("closed in the middle of an answer")
        return data

    def close(self, *, reset: bool = False) -> None:
        if reset:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.stream.close()
        self.socket.close()


def ask(
    port: int,
    method: str,
    target: str,
    body: str = "",
    tls: ssl.SSLContext | None = None,
    **headers: str,
) -> Answer:
    """One request on a connection of its own."""
    with contextlib.closing(Connection(port, tls=tls)) as connection:
        connection.ask(target, method, body, **{"Connection": "close"} | headers)
        return connection.answer(method)
