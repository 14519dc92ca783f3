"""HTTP/1.1 for tests: connections, requests, whole answers."""

import contextlib
import socket
from typing import NamedTuple

PATH = "/api/v1/factorial?number="
LIMIT = 60.0  # seconds that any one answer may take


class Answer(NamedTuple):
    status: int
    headers: dict  # names in lower case
    body: bytes


class Connection:
    """One connection; `receive_buffer` bytes wait in the kernel, and no packet has more than
    `segment` bytes, if they are given."""

    def __init__(self, port, *, receive_buffer=None, segment=None, tls=None):
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

    def ask(self, target, headers=None):
        lines = [f"GET {target} HTTP/1.1", "Host: localhost"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in (headers or {}).items()]
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))

    def answer(self):
        """The next answer; ConnectionError if it does not come or is cut off."""
        line = self.stream.readline()
        headers = {}
        while (header := self.stream.readline()) not in (b"\r\n", b""):
            name, value = header.decode("latin-1").split(":", 1)
            headers[name.lower()] = value.strip()
        if not line or not header:
            raise ConnectionError("closed without an answer")
        body = self.read_body(headers)
        return Answer(int(line.split()[1]), headers, body)

    def read_body(self, headers):
        if headers.get("transfer-encoding") == "chunked":
            return b"".join(iter(self.read_chunk, b""))
        length = int(headers.get("content-length", 0))
        body = self.stream.read(length)
        if len(body) < length:
            raise ConnectionError("closed in the middle of an answer")
        return body

    def read_chunk(self):
        length = int(self.stream.readline(), 16)
        chunk = self.stream.read(length)
        self.stream.readline()
        return chunk

    def close(self, *, reset=False):
        if reset:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.stream.close()
        self.socket.close()


def get(port, target, headers=None, tls=None):
    """One request on a connection of its own."""
    with contextlib.closing(Connection(port, tls=tls)) as connection:
        connection.ask(target, {"Connection": "close", **(headers or {})})
        return connection.answer()
