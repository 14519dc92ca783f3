"""conf/cache.conf, with both stores together and each alone."""

from collections.abc import Iterator

import pytest
import requests
from httpd import MODULES, SOURCE, Httpd, running

API = "/api/v1/factorial?number="
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8"
SMALL, LARGE = 5000, 60_000  # 16 kB, and 260 kB: too large for the shared memory


def configuration(stores: tuple[str, ...]) -> str:
    modules = ["cache", "headers", *(f"cache_{store}" for store in stores)]
    modules += ["socache_shmcb"] * ("socache" in stores)
    text = (SOURCE / "conf" / "cache.conf").read_text()
    directives = {
        "socache": ("CacheSocache", "CacheEnable socache"),
        "disk": ("CacheRoot", "CacheMaxFile", "CacheEnable disk"),
    }
    for store, names in directives.items():
        if store not in stores:
            text = "\n".join(
                line for line in text.splitlines() if not line.strip().startswith(names)
            )
    loaded = "\n".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in modules)
    return f"""{loaded}
DefaultRuntimeDir @ROOT@
Define FACTORIAL_CACHE @ROOT@/cache
Include {SOURCE}/conf/factorial.conf
{text}
<Location "/api/v1/factorial">
    Require expr "%{{HTTP:X-Locked}} == ''"
</Location>
"""


@pytest.fixture(scope="module", params=[("socache", "disk"), ("socache",), ("disk",)], ids="+".join)
def stores(request: pytest.FixtureRequest) -> tuple[str, ...]:
    chosen: tuple[str, ...] = request.param
    return chosen


@pytest.fixture(scope="module")
def server(stores: tuple[str, ...]) -> Iterator[Httpd]:
    with running(configuration(stores)) as httpd:
        httpd.expected.append("AH01630")  # client denied
        yield httpd


def get(server: Httpd, number: int | str, **headers: str) -> requests.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.get(
        f"{server.base}{API}{number}", headers={"Accept-Encoding": "identity", **named}, timeout=20
    )


def was_kept(answer: requests.Response) -> bool:
    return answer.headers.get("X-Cache", "").startswith("HIT")


def large_for(stores: tuple[str, ...]) -> int:
    return LARGE if "disk" in stores else SMALL + 1


def test_a_result_is_computed_once(server: Httpd, stores: tuple[str, ...]) -> None:
    for number in (SMALL, large_for(stores)):
        first, second = get(server, number), get(server, number)
        assert (first.status_code, second.status_code) == (200, 200)
        assert not was_kept(first)
        assert was_kept(second)
        assert second.content == first.content
        assert second.headers["ETag"] == f'"{number}-json-1"'


def test_what_is_too_large_for_the_memory_alone_is_not_kept(
    server: Httpd, stores: tuple[str, ...]
) -> None:
    if "disk" not in stores:
        get(server, LARGE)
        assert not was_kept(get(server, LARGE))


def test_representations_are_kept_apart(server: Httpd) -> None:
    for _ in range(2):
        assert get(server, 10, Accept="text/plain").text == "3628800\n"
        assert get(server, 10, Accept="application/json").text == '{"factorial":3628800}\n'
        assert get(server, 10, Accept="application/*;q=0, */*").text == "3628800\n"
        assert get(server, 10, Accept="text/*;q=0.5, application/json;q=0.1").text == "3628800\n"
    assert was_kept(get(server, 10, Accept="text/plain"))


def test_spellings_of_the_same_wish_share_a_result(server: Httpd) -> None:
    get(server, 11, Accept=BROWSER)
    for accept in ("*/*", "image/png", "text/html;q=0.1"):
        assert was_kept(get(server, 11, Accept=accept))


@pytest.mark.parametrize("path", ["factorial", "factorial.txt", "factorial/summary"])
def test_version_2_needs_one_copy_of_each_form(server: Httpd, path: str) -> None:
    url = f"{server.base}/api/v2/{path}?number=16"
    first = requests.get(url, headers={"Accept": BROWSER}, timeout=20)
    second = requests.get(url, headers={"Accept": "text/plain"}, timeout=20)
    assert not was_kept(first)
    assert was_kept(second)
    assert second.content == first.content


def test_a_client_cannot_ask_for_computing_it_again(server: Httpd) -> None:
    get(server, 12)
    assert was_kept(get(server, 12, Cache_Control="no-cache"))


def test_access_is_still_restricted(server: Httpd) -> None:
    get(server, 13)
    assert was_kept(get(server, 13))
    assert get(server, 13, X_Locked="yes").status_code == 403


def test_an_authenticated_answer_is_not_kept(server: Httpd) -> None:
    for _ in range(2):
        answer = get(server, 14, Authorization="Bearer x")
        assert answer.headers["Cache-Control"].startswith("private")
        assert not was_kept(answer)


def test_conditions_are_answered_from_the_cache(server: Httpd) -> None:
    tag = get(server, 15).headers["ETag"]
    assert get(server, 15, If_None_Match=tag).status_code == 304


def test_errors_are_not_kept(server: Httpd) -> None:
    for _ in range(2):
        answer = get(server, "x")
        assert (answer.status_code, answer.text) == (400, "Invalid value")
        assert not was_kept(answer)
        problem = get(server, "x", Accept="application/problem+json")
        assert problem.headers["Content-Type"] == "application/problem+json"
