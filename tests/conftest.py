"""Ends a run with the line that tests/run counts by, as a Check suite does."""

from typing import Any


def pytest_terminal_summary(terminalreporter: Any) -> None:
    counted = {
        kind: len(terminalreporter.stats.get(kind, [])) for kind in ("passed", "failed", "error")
    }
    for report in terminalreporter.stats.get("skipped", []):
        terminalreporter.write_line(f"skipped: {report.nodeid}: {report.longrepr[2]}")
    checks = sum(counted.values())
    if checks:
        terminalreporter.write_line(
            f"{100 * counted['passed'] // checks}%: Checks: {checks}, "
            f"Failures: {counted['failed']}, Errors: {counted['error']}"
        )
