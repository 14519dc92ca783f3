"""Conditional requests, ranges and compression: httpd's filters around the endpoint."""

import gzip
from collections.abc import Callable, Iterator

import brotli
import pytest
from httpd import API, ENDPOINT, Httpd, running

FIVE = '{"factorial":120}\n'
CONFIGURATION = f"""{ENDPOINT}
<Location "/gzip">
    Factorial On
    FactorialCompressMax 40000
    AddOutputFilterByType DEFLATE application/json text/plain
</Location>
<Location "/br">
    Factorial On
    FactorialCompressMax 40000
    SetOutputFilter BROTLI_COMPRESS
</Location>
<Location "/pages">
    Factorial On
    AddOutputFilterByType DEFLATE text/html
</Location>
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Httpd]:
    with running(CONFIGURATION, "filter deflate brotli") as httpd:
        yield httpd


@pytest.mark.parametrize(
    ("status", "tag", "headers"),
    [
        (304, '"5-json-1"', {"If-None-Match": '"5-json-1"'}),
        (304, '"5-json-1"', {"If-None-Match": '"x", "5-json-1"'}),
        (304, '"5-json-1"', {"If-None-Match": 'W/"5-json-1"'}),
        (304, '"5-json-1-gzip"', {"If-None-Match": '"5-json-1-gzip"'}),
        (304, '"5-json-1-br"', {"If-None-Match": '"5-json-1-br"'}),
        (304, '"5-json-1"', {"If-None-Match": "*"}),
        (200, '"5-json-1"', {"If-None-Match": '"6-json-1"'}),
        (200, '"5-json-1"', {"If-None-Match": '"5-text-1"'}),
        (200, '"5-text-1"', {"If-None-Match": '"5-json-1"', "Accept": "text/plain"}),
        (200, '"5-json-1"', {"If-None-Match": '"5-json-1-zstd"'}),
        (200, '"5-json-1"', {"If-Match": '"5-json-1"'}),
        (200, '"5-json-1"', {"If-Match": '"5-json-1-gzip"'}),
        (200, '"5-json-1"', {"If-Match": "*"}),
        (412, None, {"If-Match": '"6-json-1"'}),
        (412, None, {"If-Match": 'W/"5-json-1"'}),
        # If-Match comes first.
        (412, None, {"If-None-Match": '"5-json-1"', "If-Match": '"6-json-1"'}),
        (304, '"5-json-1"', {"If-None-Match": '"5-json-1"', "If-Match": '"5-json-1"'}),
        (200, '"5-json-1"', {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}),
        (200, '"5-json-1"', {"If-Modified-Since": "Fri, 01 Jan 2021 00:00:00 GMT"}),
        (200, '"5-json-1"', {"If-Unmodified-Since": "Fri, 01 Jan 2021 00:00:00 GMT"}),
    ],
)
def test_conditions_are_met_by_entity_tags_alone(
    server: Httpd, status: int, tag: str | None, headers: dict[str, str]
) -> None:
    answer = server.get(f"{API}?number=5", **headers)
    body = {200: "120", 304: "", 412: "Precondition failed"}[status]
    caching = "no-store" if status == 412 else "public, max-age=31536000, immutable"
    assert (answer.status, answer.headers["ETag"]) == (status, tag)
    assert body in answer.text
    assert answer.headers["Cache-Control"] == caching
    assert answer.headers["Vary"] == "Accept"


def test_a_condition_on_head_is_one_on_get(server: Httpd) -> None:
    assert server.ask("HEAD", f"{API}?number=5", If_None_Match='"5-json-1"').status == 304


@pytest.mark.parametrize(
    ("headers", "status", "content_range", "body"),
    [
        ({"Range": "bytes=0-12"}, 206, "bytes 0-12/18", '{"factorial":'),
        ({"Range": "bytes=13-15"}, 206, "bytes 13-15/18", "120"),
        ({"Range": "bytes=-2"}, 206, "bytes 16-17/18", "}\n"),
        ({"Range": "bytes=13-15", "If-Range": '"5-json-1"'}, 206, "bytes 13-15/18", "120"),
        ({"Range": "bytes=13-15", "If-Range": '"4-json-1"'}, 200, None, FIVE),
        ({"Range": "lines=1-2"}, 200, None, FIVE),
    ],
)
def test_ranges_of_a_result_can_be_had(
    server: Httpd, headers: dict[str, str], status: int, content_range: str | None, body: str
) -> None:
    answer = server.get(f"{API}?number=5", **headers)
    assert (answer.status, answer.headers["Content-Range"]) == (status, content_range)
    assert answer.text == body


def test_a_range_beyond_the_end_is_refused(server: Httpd) -> None:
    answer = server.get(f"{API}?number=5", Range="bytes=100-")
    assert (answer.status, answer.headers["Content-Range"]) == (416, None)


def test_a_range_from_the_middle_of_a_large_result(server: Httpd) -> None:
    whole = server.get(f"{API}?number=30000").body
    part = server.get(f"{API}?number=30000", Range="bytes=60000-69999")
    assert (part.status, part.body) == (206, whole[60000:70000])


# ---- compression

compressors = pytest.mark.parametrize("encoding", ["gzip", "br"])
UNPACK: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.decompress, "br": brotli.decompress}


@compressors
def test_a_compressed_answer_is_the_same_answer(server: Httpd, encoding: str) -> None:
    target = f"/{encoding}?number=5000"
    plain = server.get(target)
    packed = server.get(target, Accept_Encoding=encoding)
    tag = f'"5000-json-1-{encoding}"'
    assert packed.status == 200
    assert packed.headers["Content-Encoding"] == encoding
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert packed.headers["ETag"] == tag
    assert len(packed.body) < len(plain.body)
    assert UNPACK[encoding](packed.body) == plain.body
    same = server.get(target, Accept_Encoding=encoding, If_None_Match=tag)
    assert (same.status, same.headers["ETag"]) == (304, tag)


# mod_deflate, which looks at no empty body, has no Vary of its own in a 304.
@pytest.mark.parametrize("accepted", ["identity", "gzip, br"])
@pytest.mark.parametrize(
    "target",
    [f"{API}?number=5000", "/br?number=5000", "/gzip?number=20000", "/pages?number=5000"],
)
def test_not_modified_varies_as_the_answer_does(server: Httpd, target: str, accepted: str) -> None:
    whole = server.get(target, Accept_Encoding=accepted)
    assert whole.status == 200
    tag = whole.headers["ETag"]
    same = server.get(target, Accept_Encoding=accepted, If_None_Match=tag)
    assert (same.status, same.headers["ETag"]) == (304, tag)
    assert same.headers.get_all("Vary") == whole.headers.get_all("Vary")
    assert same.headers["Content-Encoding"] is None
    assert same.headers["Content-Length"] is None


@compressors
def test_head_has_no_length_where_a_filter_will_change_it(server: Httpd, encoding: str) -> None:
    target = f"/{encoding}?number=5000"
    packed = server.ask("HEAD", target, Accept_Encoding=encoding)
    assert (packed.status, packed.headers["Content-Length"]) == (200, None)
    assert server.ask("HEAD", target).headers["Content-Length"] == "16341"


@compressors
def test_a_range_under_compression_is_the_whole_or_a_part(server: Httpd, encoding: str) -> None:
    target = f"/{encoding}?number=5000"
    whole = server.get(target, Accept_Encoding=encoding).body
    answer = server.get(target, Accept_Encoding=encoding, Range="bytes=0-99")
    assert (answer.status, answer.body) in ((200, whole), (206, whole[:100]))


@compressors
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_large_answer_is_left_uncompressed(server: Httpd, encoding: str, method: str) -> None:
    answer = server.ask(method, f"/{encoding}?number=20000", Accept_Encoding=encoding)
    assert answer.status == 200
    assert answer.headers["Content-Encoding"] is None
    assert answer.headers["ETag"] == '"20000-json-1"'
    assert answer.headers["Content-Length"] == "77353"
