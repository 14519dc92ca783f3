"""Requests that nobody means: random ones, halves of some, several at once, huge ones."""

import contextlib
import math
import random
import re
import time
from concurrent.futures import ProcessPoolExecutor

import pytest
from client import Connection
from httpd import PATH, watched

QUERIES, PROCESSES, MAXIMUM = 100000, 2, 1000
PARTS = [
    *"0123456789" * 2,
    *("number", "number=", "number=", "number=5", "&", "=", "+", "-", "%", "%2B", "%20", "%00"),
    *("%30", "%6e", "1000", "1001", "99999999999999999999999", "umber", "x", ".", "e", "_", "%0a"),
]


def decode(text):
    def byte(match):
        return bytes([int(match[1], 16)])

    return re.sub(rb"%([0-9A-Fa-f]{2})", byte, text.replace("+", " ").encode())


def expected(query):
    """Status and body, by the contract's words."""
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        if decode(name) != b"number":
            continue
        text = re.fullmatch(rb"[ \t-\r]*([+-]?[0-9]+)[ \t-\r]*", decode(value))
        number = int(text[1]) if text else -1
        if number < 0:
            return 400, b"Invalid value"
        if number > MAXIMUM:
            return 400, b"Number too large: the maximum is %d" % MAXIMUM
        return 200, b'{"factorial":%d}\n' % math.factorial(number)
    return 400, b"Please supply number parameter"


def ask_at_random(port, seed, count):
    """The first wrong answer, and how many there were of each status."""
    chance, statuses = random.Random(seed), {}
    connection = Connection(port)
    for _ in range(count):
        query = "".join(chance.choices(PARTS, k=chance.randrange(12)))
        connection.ask(f"/api/v1/factorial?{query}")
        answer = connection.answer()
        if (answer.status, answer.body) != expected(query):
            return query, answer
        statuses[answer.status] = statuses.get(answer.status, 0) + 1
        if answer.headers["Connection"] == "close":  # httpd does that after each 400
            connection.close()
            connection = Connection(port)
    return None, statuses


def test_100000_random_queries_get_the_right_answers():
    with (
        watched(f"FactorialMaxNumber {MAXIMUM}\n") as server,
        ProcessPoolExecutor(PROCESSES) as pool,
    ):
        start = time.monotonic()
        share = QUERIES // PROCESSES
        ran = [pool.submit(ask_at_random, server.port, s, share) for s in range(PROCESSES)]
        for future in ran:
            wrong, statuses = future.result()
            assert wrong is None, statuses
            assert min(statuses[200], statuses[400]) > share / 100
        print(f"report: {QUERIES} random queries in {time.monotonic() - start:.0f} s")
        server.settle()


def test_half_requests_disturb_nobody():
    with watched() as server, contextlib.ExitStack() as open_ones:
        for i in range(200):
            connection = Connection(server.port)
            open_ones.callback(connection.close)
            whole = f"GET {PATH}1000000 HTTP/1.1\r\nHost: x\r\n\r\n".encode()
            connection.socket.sendall(whole[: i % len(whole)])
        for _ in range(20):
            assert server.get(f"{PATH}20").status == 200
        server.settle()


def test_pipelined_requests_are_answered_in_turn_up_to_an_error():
    with watched() as server, contextlib.closing(Connection(server.port)) as connection:
        request = "GET {} HTTP/1.1\r\nHost: x\r\n\r\n"
        for value in (5, 20000, 6, "x", 7):
            connection.socket.sendall(request.format(f"{PATH}{value}").encode())
        first, large, third, error = (connection.answer() for _ in range(4))
        assert first.body == b'{"factorial":120}\n'
        assert len(large.body) == 77338 + 15
        assert third.body == b'{"factorial":720}\n'
        assert error.status == 400
        # httpd closes after that; the last request is not answered.
        with pytest.raises(ConnectionError):
            connection.answer()
        server.settle()


def test_huge_headers_are_refused():
    with watched() as server:
        assert server.get(f"{PATH}5", Accept="text/plain," * 900).status == 400
        assert server.get(f"{PATH}{'0' * 9000}5").status == 414
        most = ",".join(["a/b;q=0.1"] * 700) + ",text/plain"
        assert server.get(f"{PATH}5", Accept=most).body == b"120\n"
        assert server.get(f"{PATH}{'0' * 7000}5").body == b'{"factorial":120}\n'
