"""A short run of the whole server, one process with its threads, under valgrind."""

import signal

from factorials import Factorials
from httpd import PATH, SOURCE, watched

VALGRIND = ["valgrind", "--error-exitcode=9", "--leak-check=full", "--log-file=@ROOT@/valgrind.log"]
VALGRIND += ["--errors-for-leak-kinds=definite", f"--suppressions={SOURCE}/tests/load/httpd.supp"]
NUMBERS = (0, 20, 1000, 3000, 9000, 20000)


def test_a_short_run():
    factorials = Factorials(NUMBERS)
    one_process = "Define ONE_PROCESS\nFactorialTimeout 600\nTimeout 600\n"
    with watched(one_process, wrapper=VALGRIND, ready=" configured, kernel ") as server:
        for n in NUMBERS:
            factorials.check(n, server.get(f"{PATH}{n}").body)
        assert server.get(f"{PATH}x").status == 400
        assert server.get(f"{PATH}5", Accept="text/plain").body == b"120\n"
        etag = server.get(f"{PATH}20000").headers["etag"]
        assert server.get(f"{PATH}20000", If_None_Match=etag).status == 304
        assert server.get(f"{PATH}20000", Range="bytes=13-20").body == b"18192063"
        server.settle()
        server.stop(signal.SIGTERM)
        found = (server.root / "valgrind.log").read_text()
        ours = [e for e in found.split("\n\n") if "mod_factorial" in e]
        print(f"report: valgrind: {len(ours)} findings in the module")
        assert ours == []
