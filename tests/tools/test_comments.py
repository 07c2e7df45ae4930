"""SQL without its comments: what PostgreSQL takes for one is gone, what it takes for text stays."""

import pytest

from tinyllm.errors import Permanent
from tinyllm.tools import comments, pg


@pytest.mark.parametrize(
    ("sql", "left"),
    [
        ("a/*x*/b", "a b"),
        ("a/*/**/*/(5)", "a (5)"),
        ("a/* /* x */ y */b", "a b"),
        ("a--x\r(1)", "a \r(1)"),
        ("a--x\n(1)", "a \n(1)"),
        ("a/*x", "a "),
        ("'--', f/**/(1)", "'--', f (1)"),
        ("'it''s /*' /**/", "'it''s /*'  "),
        (r"E'\'--' --x", r"E'\'--'  "),
        ("E'a'\n'\\'--' --x", "E'a'\n'\\'--'  "),
        (r"'\'--'", r"'\' "),
        (r"type'\'--'", r"type'\' "),
        ('"a--b" --c', '"a--b"  '),
        ("$$--$$ --x", "$$--$$  "),
        ("$t$ $$ /* $t$/**/", "$t$ $$ /* $t$ "),
        ("a$t$ /**/ b$t$", "a$t$   b$t$"),
        ("1 -1 - -1 / 2 * 3", "1 -1 - -1 / 2 * 3"),
    ],
)
def test_comments_are_taken_out_and_strings_left(sql: str, left: str) -> None:
    assert comments.without(sql) == left


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT pg_sleep/*/**/*/(5)",
        "SELECT pg_terminate_backend--x\r(123)",
        "SELECT '--', pg_notify/**/('a','b')",
        "SELECT $a$--$a$, pg_notify/**/('a','b')",
        "SELECT E'\\'', pg_notify/**/('a','b') --'",
        'SELECT "--", "pg_sleep" /* /* */ */ (1)',
    ],
)
def test_no_comment_hides_a_call(sql: str) -> None:
    with pytest.raises(Permanent) as failure:
        pg.checked(sql)
    assert failure.value.code == "SQL_FORBIDDEN"


def test_long_nonsense_is_read_at_once() -> None:
    for text in ("/*", "$a$", "E'\n'", "'", "--", '"', "$", "E'a'\n", "\\'"):
        comments.without(text * (20_000 // len(text)))
