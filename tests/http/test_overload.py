"""What happens when there is too much to do: limits of time, memory and number; clients that leave or do not
read; children that are killed."""

import contextlib
import os
import re
import signal
import time
from collections.abc import Iterator

import pytest
from client import Connection
from httpd import API, WATCHED, Httpd, wait_until, watched

mpm = pytest.mark.mpm

# GMP alone takes some ten seconds for it.
LONG = f"{API}?number=8000000"
SLOWLY = """
FactorialEngine gmp
FactorialMemory 2048
FactorialMaxNumber 8000000
SendBufferSize 16384
"""
GONE = "factorial of 8000000 stopped: the client has gone"
BUSY = "refused: too many large numbers at once"


@contextlib.contextmanager
def asking(server: Httpd, target: str, receive_buffer: int = 0) -> Iterator[Connection]:
    with contextlib.closing(Connection(server.port, receive_buffer=receive_buffer)) as connection:
        connection.ask(target)
        yield connection


@pytest.fixture(scope="module")
def server() -> Iterator[Httpd]:
    """One computation at a time, and one request that waits for it. In the end everything must be returned."""
    configuration = f"""{SLOWLY}
FactorialConcurrency 1
FactorialMaxWaiting 1
FactorialQueueTimeout 20
FactorialTimeout 60
<Location "/impatient">
    Factorial On
    FactorialQueueTimeout 0
</Location>
<Location "/timeout">
    Factorial On
    FactorialTimeout 1
</Location>
<Location "/send-timeout">
    Factorial On
    FactorialSendTimeout 1
</Location>
LogFormat "%>s n=%{{factorial-n}}n digits=%{{factorial-digits}}n us=%{{factorial-compute-us}}n \
wait=%{{factorial-wait-us}}n reason=%{{factorial-reason}}n" notes
CustomLog notes.log notes
"""
    expected = [
        BUSY,
        GONE,
        "factorial of 20000 stopped: the client has gone",
        "factorial of 8000000 stopped: took longer than FactorialTimeout",
        "factorial of 100000 aborted: the client does not read the response",
        "exit signal Killed",
        "children are killed successively",
    ]
    with watched(configuration, expected=expected) as httpd:
        yield httpd
        httpd.settle()


@mpm
def test_what_takes_too_long_is_stopped(server: Httpd) -> None:
    answer = server.get("/timeout?number=8000000")
    assert (answer.status, answer.text) == (503, "Computing took longer than is allowed here")
    assert answer.headers["Retry-After"] == "1"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["ETag"] is None
    assert answer.headers["Accept-Ranges"] is None
    assert server.get("/timeout?number=5").text == '{"factorial":120}\n'
    server.wait_for_metric("StoppedTimeout", 1)


@mpm
def test_an_answer_that_is_not_taken_is_given_up(server: Httpd) -> None:
    start = time.monotonic()
    with asking(server, "/send-timeout?number=100000", 4096):  # 456,574 digits: 4 seconds
        server.wait_for_metric("AbortedSlow", 1)
        assert time.monotonic() - start > 2
        server.wait_for_metric("Busy", 0)


@mpm
def test_a_slow_reader_within_the_time_gets_everything(server: Httpd) -> None:
    with asking(server, f"{API}?number=100000", 4096) as reader:
        total = 0
        while total <= 456574:
            piece = reader.socket.recv(8192)
            assert piece, f"closed after {total} bytes"
            total += len(piece)
            time.sleep(0.005)


@mpm
def test_a_steady_reader_is_not_held_to_httpds_timeout() -> None:
    """What httpd may hold, 60,000 bytes, takes it 7 seconds and so longer than Timeout; what the kernel takes
    from httpd at a time, some 4 KiB, takes half a second."""
    with (
        watched(f"{SLOWLY}Timeout 5\nSendBufferSize 2048\n") as server,
        asking(server, f"{API}?number=40000", 2048) as reader,
    ):
        total = 0
        while total <= 166713:
            piece = reader.socket.recv(2048)
            assert piece, f"closed after {total} bytes"
            total += len(piece)
            time.sleep(0.24 * (total < 72000))


def test_notes_tell_a_log_what_was_done(server: Httpd) -> None:
    for value in ("20", "20000", "x"):
        server.get(f"{API}?number={value}")
    for line in (
        r"200 n=20 digits=19 us=\d+ wait=0 reason=-",
        r"200 n=20000 digits=77338 us=\d+ wait=\d+ reason=-",
        "400 n=- digits=- us=- wait=- reason=-",
    ):  # the log is written after the answer
        wait_until(lambda line=line: re.search(f"^{line}$", server.log("notes.log"), re.M), line)


def test_mod_status_shows_the_metrics_on_its_page_too(server: Httpd) -> None:
    page = server.get("/server-status")
    assert page.status == 200
    assert "<h2>mod_factorial</h2>" in page.text
    assert f"<dt>results sent: {server.metric('Results')}</dt>" in page.text


@mpm
def test_memory_sets_a_maximum_of_its_own_and_a_reload_another() -> None:
    text = "Number too large: the maximum is "
    with watched(f"{SLOWLY}FactorialMemory 4\n") as server:
        answer = server.get(LONG)
        assert answer.status == 400
        assert answer.text.startswith(text)
        maximum = int(answer.text.removeprefix(text))
        assert 30000 < maximum < 2000000
        assert server.get(f"{API}?number={maximum}").status == 200
        above = f"{API}?number={maximum + 1}"
        assert server.get(above).status == 400
        server.reload(f"{WATCHED}{SLOWLY}FactorialMemory 512\n", "status")
        wait_until(lambda: server.get(above).status == 200, "the new limit")


@contextlib.contextmanager
def one_computes(server: Httpd) -> Iterator[None]:
    """A client's computation takes the only place, until it leaves."""
    gone = server.metric("StoppedGone")
    with asking(server, LONG):
        server.wait_for_metric("Computing", 1)
        yield
    wait_until(lambda: server.metric("StoppedGone") > gone, "it is stopped")
    server.wait_for_metric("Computing", 0)


@mpm
def test_who_finds_no_place_is_told_to_come_again(server: Httpd) -> None:
    with one_computes(server):
        answer = server.get("/impatient?number=100000", Accept="application/problem+json")
        assert (answer.status, answer.text) == (
            503,
            '{"type":"/docs/problems#busy","title":"Busy","status":503,'
            '"detail":"Too many large numbers at once: try again later"}\n',
        )
        assert answer.headers["Retry-After"] == "1"
        # The others notice nothing.
        assert server.get(f"{API}?number=5").text == '{"factorial":120}\n'
        assert server.get(f"{API}?number=3000").status == 200
        before = server.metric("HealthChecks")
        assert server.get("/health").text == "UP"
        assert server.metric("HealthChecks") == before + 1
    assert server.get("/impatient?number=100000").status == 200


@mpm
def test_the_place_of_a_client_that_has_gone_is_the_next_ones(server: Httpd) -> None:
    with contextlib.ExitStack() as computing:
        computing.enter_context(one_computes(server))
        with asking(server, f"{API}?number=20000") as waiting:
            server.wait_for_metric("Waiting", 1)
            computing.close()
            assert waiting.answer().status == 200


@mpm
def test_the_queue_has_an_end(server: Httpd) -> None:
    with one_computes(server):
        with asking(server, f"{API}?number=20000"):
            server.wait_for_metric("Waiting", 1)
            assert server.get(f"{API}?number=20000").status == 503
        server.wait_for_metric("Waiting", 0)


@mpm
def test_what_a_killed_child_held_is_free_again(server: Httpd) -> None:
    """Were it not, the next request would wait for its turn until FactorialQueueTimeout, and get 503."""

    def is_healthy() -> bool:
        with contextlib.suppress(OSError):
            return server.get("/health").status == 200
        return False

    with asking(server, LONG):
        server.wait_for_metric("Computing", 1)
        for child in server.children():
            os.kill(child, signal.SIGKILL)
        wait_until(is_healthy, "there are new children")
        assert server.get(f"{API}?number=20000").status == 200
    server.wait_for_metric("Computing", 0)


@mpm
def test_the_end_of_an_answer_does_not_hold_the_whole(server: Httpd) -> None:
    with asking(server, f"{API}?number=100000", 4096) as reader:
        reader.read(400000)
        server.wait_for_metric("MemoryBytes", 0)
