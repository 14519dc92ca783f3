"""Requests that nobody means: random ones, halves of some, several at once, huge ones."""

import contextlib
import math
import random
import re
import time
import unittest
from concurrent.futures import ProcessPoolExecutor

from client import PATH, Connection
from report import report
from server import Server

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
        if answer.headers.get("connection") == "close":  # httpd does that after each 400
            connection.close()
            connection = Connection(port)
    return None, statuses


class Strange(unittest.TestCase):
    def test_100000_random_queries_get_the_right_answers(self):
        with (
            Server(f"FactorialMaxNumber {MAXIMUM}\n") as server,
            ProcessPoolExecutor(PROCESSES) as pool,
        ):
            start = time.monotonic()
            share = QUERIES // PROCESSES
            ran = [pool.submit(ask_at_random, server.port, s, share) for s in range(PROCESSES)]
            for future in ran:
                wrong, statuses = future.result()
                self.assertIsNone(wrong, statuses)
                self.assertGreater(min(statuses[200], statuses[400]), share / 100)
            report(f"{QUERIES} random queries in {time.monotonic() - start:.0f} s")
            server.settle()

    def test_half_requests_disturb_nobody(self):
        with Server() as server, contextlib.ExitStack() as open_ones:
            for i in range(200):
                connection = Connection(server.port)
                open_ones.callback(connection.close)
                whole = f"GET {PATH}1000000 HTTP/1.1\r\nHost: x\r\n\r\n".encode()
                connection.socket.sendall(whole[: i % len(whole)])
            for _ in range(20):
                self.assertEqual(server.get(f"{PATH}20").status, 200)
            server.settle()

    def test_pipelined_requests_are_answered_in_turn_up_to_an_error(self):
        with Server() as server, contextlib.closing(Connection(server.port)) as connection:
            request = "GET {} HTTP/1.1\r\nHost: x\r\n\r\n"
            for value in (5, 20000, 6, "x", 7):
                connection.socket.sendall(request.format(f"{PATH}{value}").encode())
            first, large, third, error = (connection.answer() for _ in range(4))
            self.assertEqual(first.body, b'{"factorial":120}\n')
            self.assertEqual(len(large.body), 77338 + 15)
            self.assertEqual(third.body, b'{"factorial":720}\n')
            self.assertEqual(error.status, 400)
            # httpd closes after that; the last request is not answered.
            with self.assertRaises(ConnectionError):
                connection.answer()
            server.settle()

    def test_huge_headers_are_refused(self):
        with Server() as server:
            self.assertEqual(server.get(f"{PATH}5", Accept="text/plain," * 900).status, 400)
            self.assertEqual(server.get(f"{PATH}{'0' * 9000}5").status, 414)
            most = ",".join(["a/b;q=0.1"] * 700) + ",text/plain"
            self.assertEqual(server.get(f"{PATH}5", Accept=most).body, b"120\n")
            self.assertEqual(server.get(f"{PATH}{'0' * 7000}5").body, b'{"factorial":120}\n')
