"""HTTP/2 for tests: frames by hand (RFC 9113), so that a client can do what no good one does."""

import collections
import itertools
import socket
import struct
import time

from client import LIMIT

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
END_STREAM, END_HEADERS, ACK = 1, 4, 1
HEADER_TABLE_SIZE, INITIAL_WINDOW_SIZE = 1, 4
INDEXED_STATUS = {8: 200, 9: 204, 10: 206, 11: 304, 12: 400, 13: 404, 14: 500}


class Stream:
    def __init__(self):
        self.status = None  # None until the header came; 0 if it is not one of the common ones
        self.body = bytearray()
        self.ended = self.reset = False


class Connection:
    """A connection by prior knowledge, or by TLS that has negotiated h2. Streams may send so many
    bytes before they are given more."""

    def __init__(self, port, *, window=(1 << 31) - 1, tls=None):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=LIMIT)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        self.stream = self.socket.makefile("rb")
        self.scheme = "https" if tls else "http"
        self.streams = collections.defaultdict(Stream)
        self.next_id = itertools.count(1, 2)
        self.gone = False
        settings = struct.pack(">HLHL", HEADER_TABLE_SIZE, 0, INITIAL_WINDOW_SIZE, window)
        self.socket.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        self.send(SETTINGS, 0, 0, settings)
        self.send(WINDOW_UPDATE, 0, 0, struct.pack(">L", (1 << 31) - 1 - 65535))

    def send(self, kind, flags, stream_id, payload):
        length = struct.pack(">L", len(payload))[1:]
        self.socket.sendall(length + struct.pack(">BBL", kind, flags, stream_id) + payload)

    def ask(self, target):
        """Sends a GET; the stream's id."""
        fields = {":method": "GET", ":scheme": self.scheme, ":authority": "localhost"}
        block = b"".join(literal(*field) for field in [*fields.items(), (":path", target)])
        stream_id = next(self.next_id)
        self.send(HEADERS, END_STREAM | END_HEADERS, stream_id, block)
        return stream_id

    def widen(self, stream_id, window=(1 << 30)):
        self.send(WINDOW_UPDATE, 0, stream_id, struct.pack(">L", window))

    def cancel(self, stream_id):
        self.send(RST_STREAM, 0, stream_id, struct.pack(">L", 8))

    def read_until(self, condition):
        """Reads frames until the condition holds; ConnectionError if the server closes first."""
        while not condition():
            head = self.stream.read(9)
            if len(head) < 9:
                raise ConnectionError("closed")
            length = int.from_bytes(head[:3], "big")
            kind, flags, stream_id = struct.unpack(">BBL", head[3:])
            self.take(kind, flags, stream_id, self.stream.read(length))

    def ping_until(self, condition):
        """The same, by a client that shows that it is there: httpd would close the connection."""
        while not condition():
            self.pinged = False
            self.send(PING, 0, 0, bytes(8))
            self.read_until(lambda: self.pinged)
            time.sleep(0.1)

    def take(self, kind, flags, stream_id, payload):
        stream = self.streams[stream_id]
        if kind == SETTINGS and not flags & ACK:
            self.send(SETTINGS, ACK, 0, b"")
        elif kind == PING and not flags & ACK:
            self.send(PING, ACK, 0, payload)
        elif kind == PING:
            self.pinged = True
        elif kind == HEADERS:
            stream.status = status(payload)
        elif kind == DATA:
            stream.body += payload
            if payload:  # what it has taken the connection may send anew
                self.widen(0, len(payload))
        elif kind == RST_STREAM:
            stream.reset = True
        elif kind == GOAWAY:
            self.gone = True
        if kind in (HEADERS, DATA) and flags & END_STREAM:
            stream.ended = True

    def get(self, target):
        """One request and its whole answer."""
        stream = self.streams[self.ask(target)]
        self.read_until(lambda: stream.ended or stream.reset)
        return stream

    def close(self):
        self.stream.close()
        self.socket.close()


def literal(name, value):
    """A field without compression (RFC 7541 section 6.2.2)."""
    assert len(name) < 127 and len(value) < 127
    return bytes([0, len(name)]) + name.encode() + bytes([len(value)]) + value.encode()


def status(block):
    """The :status, which comes first; httpd names the common ones by their index alone."""
    first = block[0] if block[0] & 0xE0 != 0x20 else block[1]  # a change of table size stands ahead
    return INDEXED_STATUS.get(first & 0x7F, 0) if first & 0x80 else 0
