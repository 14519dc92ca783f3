"""The pages on costs are what the table of prices and the environments' files make them."""

import re
from pathlib import Path

import pytest

from costs import DOCUMENTS, LIMITS, PRICES, TABLES, made, request_parts, total


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_every_table_is_computed(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    assert text == made(text), "run: make infra-costs"


def test_every_table_has_its_place() -> None:
    text = "".join(document.read_text(encoding="utf-8") for document in DOCUMENTS)
    assert set(re.findall(r"<!-- table: ([a-z-]+) -->", text)) == set(TABLES)


@pytest.mark.parametrize("document", DOCUMENTS[:2], ids=lambda document: document.name)
def test_no_price_stands_outside_of_the_tables(document: Path) -> None:
    text = re.sub(r"<!-- table: .*?<!-- end -->", "", document.read_text("utf-8"), flags=re.DOTALL)
    assert re.findall(r"\$ ?\d|\d dollars", text) == []


def test_every_price_has_a_region_a_date_and_a_source() -> None:
    for name, each in PRICES.items():
        assert each["dollars"] > 0, name
        assert set(each) == {"dollars", "unit", "region", "date", "source"}, name
        assert re.fullmatch(r"20\d\d(-\d\d)?|not compared", each["date"]), name
        assert each["source"].startswith("https://aws.amazon.com/"), name


def test_every_limit_has_a_date_and_a_source() -> None:
    for name, each in LIMITS.items():
        assert set(each) == {"amount", "of", "date", "source"}, name
        assert re.fullmatch(r"20\d\d(-\d\d)?", each["date"]), name
        assert re.match(r"https://(docs\.)?aws\.amazon\.com/", each["source"]), name


def test_every_price_is_used() -> None:
    source = (Path(__file__).parent / "costs.py").read_text(encoding="utf-8")
    assert [name for name in PRICES if f'"{name}"' not in source] == []


def test_hits_cost_no_task_and_no_balancer_anything() -> None:
    assert "balancer capacity" not in request_parts(edge=True, firewall=True, misses=0)
    assert total("dev") < total("prod")
