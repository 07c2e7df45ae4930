"""Text is worked on in bounded time, whatever the pattern."""

import pytest

from tests.tools.conftest import Call
from tinyllm.errors import TinyError

CATASTROPHES = [r"(a+)+b", r"(a|aa)+b", r"(a|a?)+b", r"(.*a){20}b", r"(a*)*b", r"^(([a-z])+.)+[A-Z]([a-z])+$"]


@pytest.mark.timeout(20)
@pytest.mark.parametrize("pattern", CATASTROPHES)
async def test_no_pattern_takes_for_ever(pattern: str, call: Call) -> None:
    text = "a" * 100_000
    assert await call("text_extract", text=text, pattern=pattern) == []
    assert (await call("text_replace", text=text, pattern=pattern, replacement="x", regex=True))[
        "replaced"
    ] == 0
    assert await call("text_search", text=text, pattern=pattern) == []


@pytest.mark.parametrize(
    "pattern", ["(", "[a", "(?=a)", r"(a)\1", "a{100000}", "", "x" * 2000, "((a{100}){100}){100}"]
)
async def test_a_pattern_that_cannot_be_used_is_explained(pattern: str, call: Call) -> None:
    with pytest.raises(TinyError) as refused:
        await call("text_search", text="abc", pattern=pattern)
    assert refused.value.hint


async def test_groups_come_out_as_lists(call: Call) -> None:
    assert await call("text_extract", text="a=1, b=2", pattern=r"(\w)=(\d)") == [["a", "1"], ["b", "2"]]
    assert await call("text_extract", text="a=1, b=2", pattern=r"\w=(\d)") == ["1", "2"]


async def test_a_replacement_may_use_groups_but_not_explode(call: Call) -> None:
    changed = await call(
        "text_replace", text="Ada Lovelace", pattern=r"(\w+) (\w+)", replacement=r"\2, \1", regex=True
    )
    assert changed["text"] == "Lovelace, Ada"
    with pytest.raises(TinyError, match="too long"):
        await call("text_replace", text="a" * 100_000, pattern="(a+)", replacement=r"\1" * 500, regex=True)
    with pytest.raises(TinyError, match="too long"):
        await call("text_replace", text="a" * 100_000, pattern="a", replacement="b" * 1000)


async def test_values_are_never_templates(call: Call) -> None:
    filled = await call("text_template", text="Dear {{ name }}", values={"name": "{{ 7 * 7 }}"})
    assert filled == "Dear {{ 7 * 7 }}"
    for evil in ("{{ ''.__class__ }}", "{% include 'x' %}", "{{ x.__init__ }}", "{{ '%0200000000d' % 1 }}"):
        with pytest.raises(TinyError):
            await call("text_template", text=evil, values={"x": 1})


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", ["." * 400_000 + "x", "a'" * 200_000 + "_", "-" * 400_000])
async def test_no_text_takes_for_ever(text: str, call: Call) -> None:
    assert (await call("text_count", text=text))["characters"] == len(text)
    await call("text_statistics", text=text)
    await call("text_diff", before=text, after=text[1:])


async def test_many_alike_lines_are_compared_in_time(call: Call) -> None:
    before = "\n".join(str(n % 100) for n in range(2_000))
    after = "\n".join(str(n * 7 % 100) for n in range(2_000))
    assert "+7" in await call("text_diff", before=before, after=after)
    with pytest.raises(TinyError, match="more than 2,000 lines"):
        await call("text_diff", before="a\n" * 3_000, after="b")
