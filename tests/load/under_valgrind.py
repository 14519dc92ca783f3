"""A short run of the whole server, one process with its threads, under valgrind."""

import signal
import unittest

from client import PATH
from factorials import Factorials
from report import report
from server import Server

NUMBERS = (0, 20, 1000, 3000, 9000, 20000)


class UnderValgrind(unittest.TestCase):
    def test_a_short_run(self):
        factorials = Factorials(NUMBERS)
        with Server("FactorialTimeout 600\nTimeout 600\n", valgrind=True) as server:
            for n in NUMBERS:
                factorials.check(n, server.get(f"{PATH}{n}").body)
            self.assertEqual(server.get(f"{PATH}x").status, 400)
            self.assertEqual(server.get(f"{PATH}5", Accept="text/plain").body, b"120\n")
            etag = server.get(f"{PATH}20000").headers["etag"]
            self.assertEqual(server.get(f"{PATH}20000", If_None_Match=etag).status, 304)
            self.assertEqual(server.get(f"{PATH}20000", Range="bytes=13-20").body, b"18192063")
            server.settle()
            server.process.send_signal(signal.SIGTERM)
            server.process.wait(60)
            found = (server.root / "valgrind.log").read_text()
            ours = [e for e in found.split("\n\n") if "mod_factorial" in e]
            report(f"valgrind: {len(ours)} findings in the module")
            self.assertEqual(ours, [])
            self.assertEqual(server.process.returncode, 0, found)
