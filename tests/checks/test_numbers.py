"""Numbers that several find: a wrong one that looks right is caught, a right one in an odd form is not rejected."""

from ollama import ResponseError

from tests.checks.conftest import Ask
from tinyllm.testing.scripted import Scripted

QUESTION = "Tom has 3 apples and buys 4 bags of 5 apples. How many apples has he?"
CHECKS = ["not_empty", "numbers_agree"]
PROGRAM = "```python\nbags = 4 * 5\nprint(3 + bags)\n```"


async def test_two_models_that_find_the_same_are_believed(ask: Ask) -> None:
    b, c = Scripted("It is 3 + 20, so 23."), Scripted("never asked")
    answer = await ask(QUESTION, CHECKS, a="Answer: 23", b=b, c=c)
    assert (answer.status, answer.evidence, answer.answer) == ("committed", "agreed", "Answer: 23")
    assert (len(b.calls), len(c.calls)) == (1, 0)


async def test_the_second_model_never_sees_the_first_answer(ask: Ask) -> None:
    b = Scripted("Answer: 23")
    await ask(QUESTION, CHECKS, a="I am sure that it is 24.", b=b, c="Answer: 23")
    assert "24" not in b.calls[0].text
    assert QUESTION in b.calls[0].text


async def test_a_right_number_in_an_odd_form_is_not_rejected(ask: Ask) -> None:
    for odd in ("He has **twenty-three** apples.", "\\boxed{23}", "23.0", "Answer: 23 apples (3 + 20 = 23)"):
        answer = await ask(QUESTION, CHECKS, a=odd, b="Answer: 23")
        assert (answer.evidence, answer.answer) == ("agreed", odd), odd


async def test_a_wrong_number_that_looks_right_is_replaced_by_what_two_others_find(ask: Ask) -> None:
    answer = await ask(QUESTION, CHECKS, a="3 × 4 × 5 = 60. Answer: 60", b="Answer: 23", c="So 23 apples.")
    assert (answer.status, answer.evidence, answer.answer) == ("committed", "agreed", "Answer: 23")


async def test_one_that_differs_does_not_outvote_a_right_answer(ask: Ask) -> None:
    answer = await ask(QUESTION, CHECKS, a="Answer: 23", b="Answer: 35", c="Answer: 23")
    assert (answer.evidence, answer.answer) == ("agreed", "Answer: 23")


async def test_a_program_decides_where_two_differ(ask: Ask) -> None:
    checks = [{"numbers_agree": {"asks": ["b"], "programs": ["c"]}}]
    answer = await ask(QUESTION, checks, a="Answer: 23", b="Answer: 35", c=PROGRAM)
    assert (answer.evidence, answer.answer) == ("executed", "Answer: 23")


async def test_a_program_that_fails_says_nothing(ask: Ask) -> None:
    checks = [{"numbers_agree": {"asks": ["b"], "programs": ["c"]}}]
    broken = "```python\nprint(1 / 0)\n```"
    answer = await ask(QUESTION, checks, a="Answer: 23", b="Answer: 35", c=broken)
    assert (answer.status, answer.evidence) == ("refused", "unchecked")


async def test_where_all_differ_a_bigger_model_decides_and_knows_nothing_of_it(ask: Ask) -> None:
    big = Scripted("Answer: 23 apples")
    answer = await ask(
        QUESTION, CHECKS, gate={"escalates": "big"}, a="Answer: 60", b="Answer: 23", c="Answer: 35", big=big
    )
    assert (answer.status, answer.evidence, answer.answer) == ("committed", "agreed", "Answer: 23 apples")
    assert "60" not in big.calls[0].text


async def test_a_number_that_nobody_confirms_is_refused_with_all_that_was_tried(ask: Ask) -> None:
    big = Scripted("Answer: 20", "Answer: 21", "Answer: 22", "Answer: 24")
    answer = await ask(
        QUESTION, CHECKS, gate={"escalates": "big"}, a="Answer: 60", b="Answer: 23", c="Answer: 35", big=big
    )
    assert (answer.status, answer.answer) == ("refused", "Answer: 20")
    assert [each["model"] for each in answer.tried] == ["a:1b", "big:1b"]
    assert "b:1b finds 23" in answer.tried[0]["because"]


async def test_two_results_that_are_level_are_refused(ask: Ask) -> None:
    checks = [{"numbers_agree": {"asks": ["b", "big"]}}]
    answer = await ask(QUESTION, checks, a="Answer: 60", b="Answer: 60", big="Answer: 23")
    assert answer.status == "committed"
    answer = await ask(QUESTION, checks, a="Answer: 60", b="Answer: 23", big="Answer: 35")
    assert (answer.status, "big:1b finds 35" in answer.tried[0]["because"]) == ("refused", True)


async def test_two_against_one_ask_a_bigger_model_on(ask: Ask) -> None:
    big = Scripted("Answer: 23")
    checks = [{"numbers_agree": {"asks": ["b", "c", "big"]}}]
    answer = await ask(QUESTION, checks, a="Answer: 60", b="Answer: 23", c="Answer: 60", big=big)
    assert (answer.status, len(big.calls)) == ("refused", 1)
    answer = await ask(QUESTION, checks, a="Answer: 23", b="Answer: 60", c="Answer: 23", big=big)
    assert (answer.evidence, answer.answer) == ("agreed", "Answer: 23")


async def test_a_model_that_says_it_twice_is_no_second_model(ask: Ask) -> None:
    checks = [{"numbers_agree": {"asks": ["b"], "programs": ["a"]}}]
    a = Scripted(lambda messages, **_: PROGRAM if "program" in messages[0].text else "Answer: 23")
    answer = await ask(QUESTION, checks, a=a, b="Answer: 35")
    assert (answer.status, len(a.calls)) == ("refused", 5)


def _sampled(first: str, *afresh: str) -> Scripted:
    """A model that answers in one way, and in these when it is asked afresh, by their seeds."""
    return Scripted(
        lambda _, **more: (
            afresh[(seed - 1) % len(afresh)] if (seed := more["options"].get("seed", 0)) else first
        )
    )


KNOWS = ("It is 23.", "3 + 20 = 23", "So 23 apples.")


async def test_where_nobody_bigger_is_there_the_one_who_answered_is_asked_afresh(ask: Ask) -> None:
    checks = [{"numbers_agree": {"asks": ["b", "c"]}}]
    a = _sampled("Answer: 23", *KNOWS)
    sure = await ask(QUESTION, checks, a=a, b="Answer: 60", c="Answer: 35")
    assert (sure.status, sure.evidence, sure.answer) == ("committed", "unchecked", "Answer: 23")
    assert [call.kwargs["options"].get("seed") for call in a.calls] == [None, 1, 2, 3, 4, 5]
    a = _sampled("Answer: 60", "It is 35.", "It is 23.", "It is 61.")
    guessed = await ask(QUESTION, checks, a=a, b="Answer: 23", c="Answer: 35")
    assert (guessed.status, len(a.calls)) == ("refused", 6)


async def test_two_that_agree_are_enough_when_the_first_says_it_again(ask: Ask) -> None:
    checks = [{"numbers_agree": {"asks": ["b", "c"]}}]
    a, c = _sampled("Answer: 23", "So it is 23."), Scripted("Answer: 60")
    answer = await ask(QUESTION, checks, a=a, b="23 apples", c=c)
    assert (answer.evidence, len(a.calls), len(c.calls)) == ("agreed", 2, 0)
    a = _sampled("Answer: 60", "So it is 61.", "Or 23?", "It is 23.")
    answer = await ask(QUESTION, checks, a=a, b="60 apples", c="23 apples")
    assert (answer.status, len(a.calls)) == ("refused", 6)  # it guessed, and by chance the other one did


async def test_who_answered_is_asked_afresh_before_a_bigger_model_is(ask: Ask) -> None:
    big = Scripted("Answer: 23")
    checks = [{"numbers_agree": {"asks": ["b", "c", "big"]}}]
    a = _sampled("Answer: 23", "It is 23.", "3 + 20 = 23", "So 23 apples.")
    answer = await ask(QUESTION, checks, a=a, b="Answer: 23", c="Answer: 60", big=big)
    assert (answer.evidence, answer.answer, len(big.calls)) == ("agreed", "Answer: 23", 0)
    a = _sampled("Answer: 23", "It is 23.", "3 + 20 = 23", "So 23 apples.")
    await ask(QUESTION, checks, a=a, b="Answer: 61", c="Answer: 60", big=big)
    assert len(big.calls) == 1  # one model alone is no two


async def test_what_is_said_again_word_for_word_makes_nothing_surer(ask: Ask) -> None:
    checks = [{"numbers_agree": {"asks": ["b", "c"]}}]
    a = Scripted("Answer: 60")
    answer = await ask(QUESTION, checks, a=a, b="Answer: 23", c="Answer: 35")
    assert (answer.status, len(a.calls)) == ("refused", 4)


async def test_on_a_server_without_chance_who_is_asked_afresh_is_asked_in_other_words(ask: Ask) -> None:
    checks = [{"numbers_agree": {"asks": ["b", "c"]}}]
    a = Scripted(
        lambda messages, **_: f"Answer: {sum(map(ord, messages[0].text))}"
    )  # the same for the same words
    assert (await ask(QUESTION, checks, a=a, b="Answer: 23", c="Answer: 35")).status == "refused"
    assert len({call.text for call in a.calls}) == len(a.calls) == 6


async def test_a_model_that_guesses_loses_against_one_that_another_confirms(ask: Ask) -> None:
    checks = [{"numbers_agree": {"asks": ["b", "c", "d"]}}]
    a = _sampled("Answer: 60", "It is 23.", "It is 23, I think.", "It is 61.")
    answer = await ask(QUESTION, checks, a=a, b="Answer: 23", c="Answer: 23", d="Answer: 60")
    assert (answer.status, answer.evidence, answer.answer) == ("committed", "agreed", "Answer: 23")


async def test_where_who_might_answer_next_was_asked_already_nobody_is_left(ask: Ask) -> None:
    checks = [{"numbers_agree": {"asks": ["b", "c"]}}]
    a = _sampled("Answer: 23", "It is 23.", "It is 23, I think.", "23 apples.")
    answer = await ask(QUESTION, checks, gate={"escalates": ["c"]}, a=a, b="Answer: 60", c="Answer: 35")
    assert (answer.status, answer.answer) == ("committed", "Answer: 23")
    assert len(a.calls) > 1


async def test_models_that_are_not_installed_are_asked_for_no_answer_either(ask: Ask) -> None:
    big = Scripted(ResponseError("model 'big:1b' not found", 404))
    checks = [{"numbers_agree": {"asks": ["b", "c", "big"]}}]
    a = _sampled("Answer: 60", "It is 61.", "It is 62.", "It is 63.")
    answer = await ask(
        QUESTION, checks, gate={"escalates": "big"}, a=a, b="Answer: 23", c="Answer: 35", big=big
    )
    assert (answer.status, len(answer.tried), len(a.calls)) == ("refused", 1, 6)


async def test_a_model_that_repeats_itself_has_no_second_vote(ask: Ask) -> None:
    gate = {"escalates": ["again"], "asks": ["b"]}
    answer = await ask(
        QUESTION, CHECKS, gate=gate, a="Answer: 23", b="Answer: 35", again=ConnectionError("gone")
    )
    assert answer.status == "refused"


async def test_what_can_be_proved_is_proved_and_nobody_is_asked(ask: Ask) -> None:
    b = Scripted("never asked")
    right = await ask("What is 17 * 23?", CHECKS, a="17 × 23 = 391", b=b)
    wrong = await ask("What is 17 * 23?", CHECKS, a="17 × 23 = 381", b=b)
    assert (right.evidence, right.answer) == ("proved", "17 × 23 = 391")
    assert (wrong.evidence, wrong.answer, len(b.calls)) == ("proved", "391", 0)


async def test_two_entries_of_one_model_are_one_voice(ask: Ask) -> None:
    a = Scripted("Answer: 60")
    graph = {"asks": ["a", "twin"]}
    answer = await ask(QUESTION, CHECKS, gate=graph, a=a, twin="Answer: 60", b="Answer: 23")
    assert answer.evidence == "agreed"  # the twin has its own name here: another model
    alone = await ask(QUESTION, CHECKS, a=Scripted("Answer: 60"))
    assert (alone.status, alone.evidence) == ("committed", "unchecked")


async def test_a_model_that_cannot_be_asked_is_skipped_and_named(ask: Ask) -> None:
    b = Scripted(ConnectionError("gone"))
    answer = await ask(QUESTION, CHECKS, a="Answer: 23", b=b)
    assert (answer.status, answer.evidence, answer.answer) == ("committed", "unchecked", "Answer: 23")
    assert any("numbers_agree was skipped" in note for note in answer.notes)


async def test_an_answer_that_is_no_quantity_is_none_of_its_business(ask: Ask) -> None:
    b = Scripted("never asked")
    answer = await ask("Who painted the Mona Lisa?", CHECKS, a="Leonardo, around 1503.", b=b)
    assert (answer.status, len(b.calls)) == ("committed", 0)


async def test_nobody_is_asked_afresh_where_that_is_not_wanted(ask: Ask) -> None:
    a = _sampled("Answer: 23", "It is 60.", "It is 61.", "It is 62.")
    answer = await ask(QUESTION, [{"numbers_agree": {"afresh": 0}}], a=a, b="Answer: 23")
    assert (answer.evidence, len(a.calls)) == ("agreed", 1)


async def test_the_default_model_is_asked_afresh_too_and_beats_a_specialist_that_guesses(ask: Ask) -> None:
    checks = [{"numbers_agree": {"asks": ["b", "c"], "default": "b"}}]
    a = _sampled("Answer: 60", "It is 60, I think.", "It is 61.", "Or 62.")
    b = _sampled("Answer: 23", *KNOWS)
    answer = await ask(QUESTION, checks, a=a, b=b, c="Answer: 35")
    assert (answer.status, answer.evidence, answer.answer) == ("committed", "unchecked", "Answer: 23")
    assert [call.kwargs["options"].get("seed") for call in b.calls] == [None, 1, 2, 3, 4, 5]


async def test_of_two_that_both_say_their_own_again_neither_outvotes_the_other(ask: Ask) -> None:
    for default in ("b", ""):  # where none is named it is the first who was asked
        checks = [{"numbers_agree": {"asks": ["b", "c"], "default": default}}]
        a = _sampled("Answer: 60", "It is 60.", "60, I think.", "So 60 apples.")
        b = _sampled("Answer: 23", *KNOWS)
        answer = await ask(QUESTION, checks, a=a, b=b, c="Answer: 35")
        assert (answer.status, len(a.calls), len(b.calls)) == ("refused", 6, 6)


async def test_a_default_model_that_guesses_too_lets_nothing_out(ask: Ask) -> None:
    checks = [{"numbers_agree": {"asks": ["b", "c"], "default": "b"}}]
    a = _sampled("Answer: 60", "It is 65.", "It is 61.", "Or 62.")
    b = _sampled("Answer: 23", "It is 24.", "Or 25.", "So 26 apples.")
    assert (await ask(QUESTION, checks, a=a, b=b, c="Answer: 35")).status == "refused"


async def test_where_asking_afresh_tells_nothing_one_vote_ahead_is_enough(ask: Ask) -> None:
    checks = [{"numbers_agree": {"asks": ["b", "c", "d"], "default": "b"}}]
    level = await ask(QUESTION, checks, a="Answer: 60", b="Answer: 23", c="Answer: 35", d="Answer: 36")
    assert level.status == "refused"
    ahead = await ask(QUESTION, checks, a="Answer: 60", b="Answer: 23", c="Answer: 60", d="Answer: 36")
    assert (ahead.status, ahead.evidence, ahead.answer) == ("committed", "agreed", "Answer: 60")
    told = _sampled("Answer: 60", "It is 61.", "It is 62.")  # what is told speaks against it
    told_of = await ask(QUESTION, checks, a=told, b="Answer: 23", c="Answer: 60", d="Answer: 36")
    assert told_of.status == "refused"


async def test_where_a_bigger_model_is_there_it_decides_and_the_default_model_is_asked_once(ask: Ask) -> None:
    checks = [{"numbers_agree": {"asks": ["b", "c", "big"], "default": "b"}}]
    a = _sampled("Answer: 60", "It is 65.", "It is 61.", "Or 62.")
    b, big = Scripted("Answer: 23"), Scripted("Answer: 23")
    answer = await ask(QUESTION, checks, a=a, b=b, c="Answer: 35", big=big)
    assert (answer.evidence, answer.answer, len(b.calls), len(big.calls)) == ("agreed", "Answer: 23", 1, 1)
