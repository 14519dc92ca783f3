"""Writes a small database of vulnerabilities in the scanner's own form, version 6.

    vulnerabilities.py ARCHIVE BUILT [SOURCE-PACKAGE FIXED SEVERITY]...

ARCHIVE is for `grype db import`; BUILT is when it claims to have been built, as 2026-01-31T00:00:00Z.
Each finding is in Debian 13, with a severity from Negligible to Critical, and fixed in a version, or in
none ("-").
"""

import json
import sqlite3
import sys
import tarfile
import tempfile
from itertools import count
from pathlib import Path

TABLES = """
CREATE TABLE blobs (id INTEGER PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE db_metadata (build_timestamp DATETIME NOT NULL, model INTEGER NOT NULL,
    revision INTEGER NOT NULL, addition INTEGER NOT NULL);
CREATE TABLE providers (id TEXT PRIMARY KEY, version TEXT, processor TEXT, date_captured DATETIME,
    input_digest TEXT);
CREATE TABLE operating_systems (id INTEGER PRIMARY KEY, name TEXT, release_id TEXT,
    major_version TEXT, minor_version TEXT, label_version TEXT, codename TEXT, channel TEXT,
    eol_date DATETIME, eoas_date DATETIME);
CREATE TABLE packages (id INTEGER PRIMARY KEY, ecosystem TEXT, name TEXT);
CREATE TABLE vulnerability_handles (id INTEGER PRIMARY KEY, name TEXT NOT NULL, status TEXT NOT NULL,
    published_date DATETIME, modified_date DATETIME, withdrawn_date DATETIME,
    provider_id TEXT NOT NULL, blob_id INTEGER);
CREATE TABLE affected_package_handles (id INTEGER PRIMARY KEY, vulnerability_id INTEGER NOT NULL,
    operating_system_id INTEGER, package_id INTEGER, blob_id INTEGER);
"""


def blob(database: sqlite3.Connection, value: dict) -> int:
    return database.execute("INSERT INTO blobs (value) VALUES (?)", [json.dumps(value)]).lastrowid


def add(database: sqlite3.Connection, name: str, package: str, fixed: str, severity: str) -> None:
    known = fixed != "-"
    number = int(name.rpartition("-")[2])
    about = {
        "id": name,
        "severities": [{"scheme": "CHMLN", "value": severity.lower(), "rank": 1}],
    }
    affected = {
        "cves": [name],
        "ranges": [
            {
                "version": {"type": "dpkg", "constraint": f"< {fixed}" if known else ""},
                "fix": {"version": fixed, "state": "fixed"} if known else {"state": "not-fixed"},
            }
        ],
    }
    database.execute("INSERT OR IGNORE INTO packages VALUES (?, 'deb', ?)", [number, package])
    database.execute(
        "INSERT INTO vulnerability_handles VALUES (?, ?, 'active', NULL, NULL, NULL, 'debian', ?)",
        [number, name, blob(database, about)],
    )
    database.execute(
        "INSERT INTO affected_package_handles VALUES (?, ?, 1, ?, ?)",
        [number, number, number, blob(database, affected)],
    )


def main(archive: str, built: str, *findings: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "vulnerability.db")
        database = sqlite3.connect(file)
        database.executescript(TABLES)
        database.execute("INSERT INTO db_metadata VALUES (?, 6, 1, 10)", [built])
        database.execute("INSERT INTO providers VALUES ('debian', '1', 'test', ?, '')", [built])
        database.execute(
            "INSERT INTO operating_systems VALUES "
            "(1, 'debian', 'debian', '13', '', '', 'trixie', '', NULL, NULL)"
        )
        for number, finding in zip(count(1), zip(*[iter(findings)] * 3, strict=True), strict=False):
            add(database, f"CVE-2000-{number:04}", *finding)
        database.commit()
        database.close()
        with tarfile.open(archive, "w:gz") as tar:
            tar.add(file, arcname=file.name)


main(*sys.argv[1:])
