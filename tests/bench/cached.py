"""Not computing against computing: 304, HEAD, Range, and answers kept by mod_cache."""

import configurations
import load
from server import Server

NUMBERS = [1000, 10**4, 10**5]

CACHE = """LoadModule cache_module {modules}/mod_cache.so
CacheQuickHandler off
CacheHeader on
CacheMaxExpire 31536000
"""
SOCACHE = (
    CACHE
    + """LoadModule cache_socache_module {modules}/mod_cache_socache.so
LoadModule socache_shmcb_module {modules}/mod_socache_shmcb.so
CacheSocache shmcb:{{directory}}/cache(268435456)
CacheSocacheMaxSize 1048576
CacheEnable socache /api/
"""
)
DISK = (
    CACHE
    + """LoadModule cache_disk_module {modules}/mod_cache_disk.so
CacheRoot {{directory}}/cache
CacheEnable disk /api/
"""
)


def cache(build, text):
    def prepare(directory, port):
        extra = text.format(modules=configurations.MODULES).format(directory=directory)
        return configurations.container(build, extra=extra)(directory, port)

    return prepare


def ways(build):
    """Name, server, what to send besides."""
    plain = configurations.container(build)
    return [
        ("compute", plain, ()),
        ("HEAD", plain, ()),
        ("304", plain, ("If-None-Match: *",)),
        ("Range, 100 bytes", plain, ("Range: bytes=0-99",)),
        ("cached, socache shmcb", cache(build, SOCACHE), ()),
        ("cached, disk", cache(build, DISK), ()),
    ]


STATUS = {"304": 304, "Range, 100 bytes": 206}


def check(server, way, n, headers):
    """That the answer is of the kind that is to be measured."""
    method = "HEAD" if way == "HEAD" else "GET"
    load.fetch(server, f"number={n}", headers, method=method)
    got = load.fetch(server, f"number={n}", headers, method=method)
    hit = "X-Cache: HIT" in got["head"]
    if got["status"] != STATUS.get(way, 200) or hit != way.startswith("cached"):
        raise RuntimeError(f"{way}: {got}")


def run(build, rounds, short):
    numbers = NUMBERS[:1] if short else NUMBERS
    rows = []
    for way, prepare, headers in ways(build):
        with Server(way, prepare) as server:
            for n in numbers:
                check(server, way, n, headers)
                for round_ in range(rounds):
                    got = (
                        load.hey(server, f"number={n}", 8, 1, "HEAD")
                        if way == "HEAD"
                        else load.wrk(server, f"number={n}", 8, 1, headers)
                    )
                    rows.append({"kind": "cached", "way": way, "n": n, "round": round_, **got})
    return rows
