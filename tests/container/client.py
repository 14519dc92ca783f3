"""What the container's tests ask of a server, and a shell cannot: many connections, raw bytes.

client.py COMMAND [ARGUMENT...]; every command ends with status 1 and says why if something is wrong.
"""

import http.server
import json
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.parse

SERVER = ("127.0.0.1", 5000)
LIMIT = 20.0  # seconds that any one answer may take


class Connection:
    """One connection, kept alive; answers are read by their Content-Length."""

    def __init__(self, address=SERVER, tls=None, buffer=None):
        self.socket = socket.socket()
        self.socket.settimeout(LIMIT)
        if buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.socket.connect(address)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        self.stream = self.socket.makefile("rb")

    def get(self, target, seconds=0):
        """The status and body of the answer, taken within so many seconds; OSError if there is none."""
        self.socket.sendall(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        line = self.stream.readline()
        length = None
        for header in iter(self.stream.readline, b"\r\n"):
            if not header:
                break
            if header.lower().startswith(b"content-length:"):
                length = int(header.split(b":")[1])
        if not line or length is None:
            raise ConnectionError("closed without an answer")
        body = b""
        for _ in range(10 if seconds else 0):
            time.sleep(seconds / 10)
            body += self.stream.read(length // 10)
        body += self.stream.read(length - len(body))
        if len(body) < length:
            raise ConnectionError("closed in the middle of an answer")
        return int(line.split()[1]), body

    def close(self):
        self.stream.close()
        self.socket.close()


def expect(condition, message):
    if not condition:
        sys.exit(message)


def up(status, body):
    return (status, body) == (200, b"UP")


# ---- the access log


def raw(request):
    """Sends bytes as they are; all that comes back until the server closes."""
    with socket.create_connection(SERVER, timeout=LIMIT) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        try:
            while more := connection.recv(65536):
                answer += more
        except ConnectionResetError:
            pass  # it closed before it had read all of a request too long for it
        return answer


HOSTILE = [bytes([b]) for b in [*range(1, 32), 127, *range(128, 256), *b"\"\\'{}%"]]
# Longer than what is logged, of what grows most when it is escaped; and over httpd's limits.
HOSTILE += [b * n for b in (b'"', b"\\", b"\xff", b"\x0b", b"%") for n in (2000, 3900, 9000)]
FIELDS = (b"User-Agent", b"Referer", b"X-Amzn-Trace-Id", b"X-Forwarded-For", b"Host")


def hostile():
    """Hostile bytes wherever a client can put them; prints the number of requests."""
    requests = [b"\x16\x03\x01\x02\x00\x01\r\n", b"GET\r\n", b"GET /none HTTP/9.9\r\n\r\n"]
    for text in HOSTILE:
        requests += [
            b"GET /a" + text + b"b HTTP/1.1\r\nHost: x\r\n\r\n",
            b"GET /none?a=" + text + b"b HTTP/1.1\r\nHost: x\r\n\r\n",
            b"G" + text + b"T /none HTTP/1.1\r\nHost: x\r\n\r\n",
            b"GET /none HTTP/1.1" + text + b"\r\nHost: x\r\n\r\n",
        ]
        requests += [
            b"GET /none HTTP/1.1\r\nHost: x\r\n" + field + b": a" + text + b"b\r\n\r\n"
            for field in FIELDS
        ]
    everywhere = b"".join(field + b": " + b'"' * 3900 + b"\r\n" for field in FIELDS[:3])
    path = b'"' * 2000
    requests.append(
        b"GET /" + path + b"?" + path + b" HTTP/1.1\r\nHost: x\r\n" + everywhere + b"\r\n"
    )
    for request in requests:
        raw(request)
    print(len(requests))


TEXTS = (
    "time",
    "client",
    "peer",
    "method",
    "path",
    "query",
    "protocol",
    "reason",
    "agent",
    "referer",
    "trace",
)
NUMBERS = ("status", "bytes", "microseconds")
COMPUTED = ("n", "digits", "wait_us", "compute_us")


def log(path):
    """Every line of the access log is JSON with exactly our keys, those of a computation all or none,
    and short enough to be written in one piece; prints the number of lines."""
    with open(path, "rb") as file:
        lines = file.read().splitlines(keepends=True)
    for line in lines:
        try:
            entry = json.loads(line.decode("ascii"))
        except ValueError as error:
            sys.exit(f"{error}: {line!r}")
        numbers = NUMBERS + COMPUTED if "n" in entry else NUMBERS
        expect(set(entry) == {*TEXTS, *numbers}, f"other keys: {line!r}")
        expect(all(isinstance(entry[key], str) for key in TEXTS), f"not text: {line!r}")
        expect(all(isinstance(entry[key], int) for key in numbers), f"no number: {line!r}")
        expect(len(line) <= 4096, f"{len(line)} bytes: {line!r}")
    print(len(lines))


def sent(text):
    """The bytes that a logged text stands for."""
    encoded = text.removeprefix("percent-encoded:")
    return text.encode() if encoded == text else urllib.parse.unquote_to_bytes(encoded)


def logged(path):
    """What is logged is what was sent."""
    texts = [b"plain", b'quote " back \\ slash', b"\xc3\xa9t\xe9 %41", b"tab\tbed"]
    for text in texts:
        raw(
            b"GET /logged?%22 HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.7\r\n"
            b"X-Amzn-Trace-Id: Root=1-2\r\nUser-Agent: " + text + b"\r\n\r\n"
        )
    time.sleep(0.5)
    with open(path, "rb") as file:
        entries = [json.loads(line) for line in file if b'/logged"' in line]
    expect(len(entries) == len(texts), f"{len(entries)} lines of {len(texts)}")
    for entry, text in zip(entries, texts, strict=True):
        found = [sent(entry[key]) for key in ("agent", "path", "query", "trace", "referer")]
        expect(found == [text, b"/logged", b"%22", b"Root=1-2", b""], str(found))
        found = [entry[key] for key in ("method", "status", "client", "peer")]
        expect(found == ["GET", 404, "203.0.113.7", "127.0.0.1"], str(found))
        plain = all(b" " <= text[i : i + 1] <= b"~" for i in range(len(text)))
        expect(("percent" in entry["query"]) != plain, entry["query"])


FORWARDED = {
    "203.0.113.7": "203.0.113.7",
    "203.0.113.8:49152": "203.0.113.8",
    "2001:db8::9": "2001:db8::9",
    "[2001:db8::a]": "2001:db8::a",
    "[2001:db8::b]:49152": "2001:db8::b",
    "198.51.100.1:1, 203.0.113.9:2": "203.0.113.9",
    "nonsense:49152": "127.0.0.1",
}


def forwarded(path):
    """Whatever form the balancer gives it, the log has the address that is last in X-Forwarded-For."""
    for header in FORWARDED:
        raw(f"GET /forwarded HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {header}\r\n\r\n".encode())
    time.sleep(0.5)
    with open(path, "rb") as file:
        clients = [json.loads(line)["client"] for line in file if b'"/forwarded"' in line]
    expect(clients == list(FORWARDED.values()), str(clients))


def entries_of(path, number, count):
    """The entries about a number, once there are so many."""
    for _ in range(50):
        with open(path, "rb") as file:
            found = [json.loads(line) for line in file if b'"number=%d"' % number in line]
        if len(found) >= count:
            return found
        time.sleep(0.1)
    sys.exit(f"{len(found)} lines of {count} about {number}")


def reasons(path):
    """Whatever the budget or the clock refuses has its reason in the log, what is computed its figures.
    The server computes one large number at a time, lets no request wait, and takes a second for one.
    """

    def ask_now_and_then():
        failure = ask_factorial(300000, refusals=True)
        time.sleep(0.01)  # podman tears lines that come by the thousand
        return failure

    load = Load(4, ask_now_and_then)
    time.sleep(3)
    load.end()
    expect(not load.failures, str(load.failures[:3]))
    entries = entries_of(path, 300000, load.answers)
    found = {(entry["status"], entry["reason"]) for entry in entries}
    expect(found == {(200, "-"), (503, "busy")}, str(found))
    for entry in entries:
        expect((entry["n"], entry["digits"]) == (300000, 1512852), str(entry))
        expect((entry["compute_us"] > 0) == (entry["status"] == 200), str(entry))

    expect(ask_factorial(100000000) == "status 503", "100,000,000 did not run out of time")
    (entry,) = entries_of(path, 100000000, 1)
    expect((entry["status"], entry["reason"]) == (503, "timeout"), str(entry))
    expect(900000 < entry["compute_us"] < 7000000, str(entry))


# ---- connections


def kept_alive():
    """A connection that has had an answer, and waits for the next request."""
    connection = Connection()
    expect(up(*connection.get("/status")), "no UP")
    return connection


def opened_ahead(seconds):
    """Connections that are silent for so long, from the start or after a request, are not cut."""
    silent = [Connection() for _ in range(8)]
    kept = [kept_alive() for _ in range(8)]
    time.sleep(float(seconds))
    for connection, kind in [(c, "silent") for c in silent] + [(c, "kept-alive") for c in kept]:
        try:
            expect(up(*connection.get("/status")), "no UP")
        except OSError as error:
            sys.exit(f"{kind} connection: {error}")


class Load:
    """Clients that ask over and over until the end; each answer is counted, or why there is none."""

    def __init__(self, clients, ask):
        self.ask, self.going, self.answers, self.failures = ask, True, 0, []
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.run) for _ in range(clients)]
        for thread in self.threads:
            thread.start()

    def run(self):
        while self.going:
            try:
                wrong = self.ask()
            except OSError as error:
                wrong = f"{type(error).__name__}: {error}"
            with self.lock:
                if wrong:
                    self.failures.append(wrong)
                else:
                    self.answers += 1

    def end(self):
        self.going = False
        for thread in self.threads:
            thread.join()


def ask_factorial(number, connect=Connection, seconds=0, refusals=False):
    """One request on a connection of its own; None if the answer is right, or a refusal where those
    are right too."""
    connection = connect()
    try:
        status, body = connection.get(f"/api/v1/factorial?number={number}", seconds)
        if status == 200 and body.startswith(b'{"factorial":'):
            return None
        return None if refusals and status == 503 else f"status {status}"
    finally:
        connection.close()


def idle(count, seconds):
    """Idle kept-alive connections beside full load: /status stays quick, and none is closed. Of large
    numbers more are asked for than the budget has room for."""
    kept = [kept_alive() for _ in range(int(count))]
    load = Load(24, lambda: ask_factorial(1000))
    large = Load(24, lambda: ask_factorial(100000, refusals=True))
    slowest, end = 0.0, time.monotonic() + float(seconds)
    try:
        while time.monotonic() < end:
            before = time.monotonic()
            kept_alive().close()
            slowest = max(slowest, time.monotonic() - before)
            time.sleep(0.05)
    finally:
        load.end()
        large.end()
    closed = 0
    for connection in kept:
        try:
            connection.get("/status")
        except OSError:
            closed += 1
        # At once they would be as many requests as connections, and more than there are threads:
        # only then does httpd close connections of others.
        connection.close()
        time.sleep(0.001)
    print(
        f"{load.answers} and {large.answers} answers under load, "
        f"slowest /status {slowest * 1000:.0f} ms"
    )
    failures = load.failures + large.failures
    expect(not failures, f"{len(failures)} failures: {failures[:3]}")
    expect(closed == 0, f"{closed} idle connections were closed")
    expect(load.answers > 100 and large.answers > 100, "no load")
    expect(slowest < 1, f"/status took {slowest:.2f} s")


def stop(*command):
    """The command stops the server under load, which opens no connections from then on, as a
    balancer does with a target that was taken out: every request in flight is answered, slowly as its
    client takes it."""

    def connect():
        return Connection(buffer=65536)

    quick = Load(8, lambda: ask_factorial(1000))
    slow = Load(6, lambda: ask_factorial(1000000, connect, seconds=3))
    time.sleep(5)
    quick.end()
    slow.going = False
    before = slow.answers
    began = time.monotonic()
    stopped = subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
    took = time.monotonic() - began
    slow.end()
    print(f"stopped in {took:.1f} s, {slow.answers - before} answers meanwhile")
    expect(stopped.returncode == 0, "the command failed")
    failures = quick.failures + slow.failures
    expect(not failures, f"{len(failures)} requests lost: {failures[:3]}")
    expect(slow.answers - before == 6, "nothing was in flight")
    try:
        Connection().close()
    except ConnectionRefusedError:
        return
    sys.exit("the server is still there")


def first():
    """Prints the milliseconds until the first answer."""
    before = time.monotonic()
    while time.monotonic() < before + LIMIT:
        try:
            kept_alive().close()
            print(round((time.monotonic() - before) * 1000))
            return
        except OSError:
            time.sleep(0.002)
    sys.exit("no answer")


# ---- other servers


def tell(path, command):
    """Gives HAProxy a command, to which it has nothing to say if it obeys."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        connection.sendall(command.encode() + b"\n")
        answered = connection.recv(4096).decode().strip()
    expect(not answered, answered)


def answer(status, body, seconds):
    """A server in ours' place that gives every request this answer after so many seconds."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            time.sleep(float(seconds))
            self.send_response(int(status))
            self.end_headers()
            self.wfile.write(body.encode())

    http.server.HTTPServer(SERVER, Handler).serve_forever()


def balanced(port, certificate, allowed, *command):
    """Behind the balancer the command ends one of two servers under load: no more requests fail
    than allowed, and the other server goes on."""
    tls = ssl.create_default_context(cafile=certificate)
    address = ("127.0.0.1", int(port))
    load = Load(8, lambda: ask_factorial(2000, lambda: Connection(address, tls)))
    time.sleep(2)
    before = load.answers
    ended = subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
    time.sleep(3)
    load.end()
    print(f"{before} answers before, {load.answers - before} after, {len(load.failures)} failures")
    expect(ended.returncode == 0, "the command failed")
    expect(before > 50 and load.answers - before > 50, "no load")
    expect(len(load.failures) <= int(allowed), f"{len(load.failures)}: {load.failures[:3]}")


COMMANDS = (
    hostile,
    log,
    logged,
    forwarded,
    reasons,
    opened_ahead,
    idle,
    stop,
    first,
    tell,
    answer,
    balanced,
)

if __name__ == "__main__":
    {command.__name__: command for command in COMMANDS}[sys.argv[1]](*sys.argv[2:])
