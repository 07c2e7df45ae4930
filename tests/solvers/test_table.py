"""Simple questions over an attached table."""

import json
from pathlib import Path

import pytest

from tinyllm.errors import UsageError
from tinyllm.solvers import Solution, solve

SALES = """product,region,price,units_sold,Order Date
apple,north,1.50,10,2024-01-05
banana,south,0.75,20,2024-01-06
cherry,north,3.00,5,2024-02-01
date,east,,7,2024-02-03
elderberry,south,4.25,2,2024-03-01
"""


@pytest.fixture
def sales(tmp_path: Path) -> Path:
    path = tmp_path / "sales.csv"
    path.write_text(SALES)
    return path


def asked(question: str, path: Path) -> Solution | None:
    return solve(question, files=[path])


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("How many rows are in this file?", "5"),
        ("How many rows does the file have?", "5"),
        ("How many columns are there?", "5"),
        ("What are the column names?", ["product", "region", "price", "units_sold", "Order Date"]),
        ("What is the average price?", "19/8"),
        ("What is the total units sold?", "44"),
        ("What is the sum of the units sold column where region is north?", "15"),
        ("What is the average price for the north region?", "9/4"),
        ("What is the total units sold in the south?", "22"),
        ("Which product has the highest price?", "elderberry"),
        ("Which product has the lowest price in the north region?", "apple"),
        ("Which region has the highest total units sold?", "south"),
        ("Which region has the most rows?", ["north", "south"]),
        ("Total units sold by region", {"north": "15", "south": "22", "east": "7"}),
        ("How many rows per region?", {"north": "2", "south": "2", "east": "1"}),
        ("How many distinct regions are there?", "3"),
        ("What are the unique regions?", ["north", "south", "east"]),
        ("How many rows have region north?", "2"),
        ("How many rows where region is not north?", "3"),
        ("How many rows have a price greater than 1 and region is north?", "2"),
        ("How many rows have units sold between 5 and 10?", "3"),
        ("What is the price of cherry?", "3.00"),
        ("What is the median price?", "9/4"),
        ("What is the highest price?", "17/4"),
        ("How many products are there?", "5"),
        ("How many products have a price above 1?", "3"),
        ("What is the average price of products where region is north and units_sold > 5?", "3/2"),
        ("Which region has the highest average price?", "south"),
        ("Average price by region", {"north": "9/4", "south": "5/2"}),
        ("How many missing values are there in price?", "1"),
        ("What percentage of rows are in the north?", "40"),
        ("sum(units_sold)", "44"),
        ("What are the top 2 products by price?", ["elderberry", "cherry"]),
    ],
)
def test_a_table_answers(sales: Path, question: str, value: object) -> None:
    found = asked(question, sales)
    assert found is not None
    assert found.value == value


@pytest.mark.parametrize(
    "question",
    [
        "What is the price of the north?",  # two rows
        "Which region has the highest price?",  # several rows each
        "How many regions are there?",  # rows, or different ones
        "Who has the highest price?",
        "What is the average age?",
        "What is the total revenue?",
        "What is the average price in dollars after tax?",
        "What is the total of region?",
        "Summarize this file",
        "How many apples are there?",
        "What is the capital of France?",
    ],
)
def test_what_the_table_does_not_say_is_declined(sales: Path, question: str) -> None:
    assert asked(question, sales) is None


def test_empty_cells_are_left_out_and_mentioned(sales: Path) -> None:
    found = asked("What is the average price?", sales)
    assert found is not None
    assert "1 empty cell left out" in found.steps


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.tsv", "name\tage\nAnn\t30\nBob\t41\n"),
        ("t.csv", "\ufeffname;age\nAnn;30\nBob;41\n"),
        ("t.json", json.dumps([{"name": "Ann", "age": 30}, {"name": "Bob", "age": 41}])),
        ("t.jsonl", '{"name": "Ann", "age": 30}\n{"name": "Bob", "age": 41}\n'),
    ],
)
def test_every_kind_of_table_is_read(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    oldest = asked("Who has the highest age?", path)
    total = asked("What is the sum of age?", path)
    assert oldest is not None
    assert oldest.answer == "Bob"
    assert total is not None
    assert total.value == "71"


def test_decimals_stay_exact(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    path.write_text('[{"x": 0.1}, {"x": 0.2}]')
    found = asked("What is the sum of x?", path)
    assert found is not None
    assert found.value == "3/10"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.csv", b"name,age\nAnn,30,9\n"),
        ("t.csv", b"age,age\n1,2\n"),
        ("t.csv", b"name,age\nAnn,\xff\xfe\n"),
        ("t.csv", b""),
        ("t.json", b'{"name": ['),
        ("t.json", b"[1, 2]"),
        ("t.json", b"[" * 100_000),
        ("t.json", b'[{"age": {"years": 3}}]'),
        ("t.png", b"age\n1\n"),
    ],
)
def test_a_file_that_is_no_table_is_declined(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert asked("What is the sum of age?", path) is None


def test_a_cell_that_is_no_number_declines_a_sum(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("age\n30\nunknown\n")
    assert asked("What is the sum of age?", path) is None


def test_a_missing_file_is_a_mistake_of_the_user(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no file"):
        asked("How many rows are there?", tmp_path / "nothing.csv")
