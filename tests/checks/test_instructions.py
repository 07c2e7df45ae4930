"""What a question asks of its answer's form: kept in an odd way is kept, nearly kept is not."""

import pytest

from tests.checks.conftest import Ask
from tinyllm.checks.instructions import rules
from tinyllm.testing.scripted import Scripted


def wrong(question: str, answer: str) -> list[str]:
    return [said for rule in rules(question) if (said := rule.wrong(answer))]


KEPT = [
    ("Explain gravity in at most 10 words.", "Masses attract each other; that's all there is to it."),
    ("Explain gravity in exactly two sentences.", "Masses attract, e.g. the Earth and you. Dr. Newton saw it at 9.81 m/s."),
    ("Write at least 3 bullet points about cats.", "Cats:\n* they purr\n- they sleep\n3. they hunt\n+ more"),
    ("Write two paragraphs about rain.", "It rains.\nStill.\n\nIt stops."),
    ("Write two paragraphs separated by ***.", "It rains.\n\n***\n\nIt stops."),
    ("Describe the sea. Include the word 'salt' at least 2 times.", "Salt is what it tastes of: SALT."),
    ("Describe the sea without using the word 'water'.", "Blue, deep, and it waterproofs nothing."),
    ("Answer in all lowercase letters.", "the sea is deep: 11 km."),
    ("Answer in all capital letters, please. Which city?", "PARIS, FRANCE (2 M)"),
    ("End your answer with the phrase \"Any questions?\"", "That is all. **Any questions?**"),
    ("Start your reply with \"Dear reader\".", "\"Dear reader, …"),
    ("Give me a list of three colours as JSON only.", "```json\n[\"red\", \"green\", \"blue\"]\n```"),
    ("Do not use any commas in your answer.", "First this; then that."),
    ("Answer with yes or no. Is it cold?", "**No**, it is warm."),
    ("Write a poem of about 50 words.", " ".join(["word"] * 61)),
    ("Use between 3 and 5 words. Who are you?", "A small model, mostly"),
    ("Your response should have fewer than 5 sentences.", "1. One.\n2. Two.\n3. Three.\n4. Four."),
    ("Wrap your entire answer in double quotation marks.", "“All of it.”"),
    ("Write a letter with at least 2 placeholders in square brackets.", "Dear [name], see you on [date]."),
]  # fmt: skip
BROKEN = [
    ("Explain gravity in at most 10 words.", "Masses attract each other, and that really is all there is to it.", "it has 13 words, at most 10"),
    ("Explain gravity in exactly two sentences.", "Masses attract. That is it. Really.", "it has 3 sentences, exactly 2"),
    ("Write at least 3 bullet points about cats.", "* purr\n* sleep", "it has 2 bullet points, at least 3"),
    ("Write two paragraphs about rain.", "It rains.\nIt stops.", "it has 1 paragraphs"),
    ("Describe the sea. Include the word 'salt' at least 2 times.", "Salt, and saltines.", "'salt' must occur 2 times"),
    ("Describe the sea without using the word 'water'.", "It is Water.", "'water' must not occur"),
    ("Answer in all lowercase letters.", "the Sea", "small letters"),
    ("Answer in all capital letters, please.", "PARiS", "capital letters"),
    ("End your answer with the phrase \"Any questions?\"", "Any questions? Ask me.", "must end with"),
    ("Give me a list of three colours as JSON only.", "Here: [\"red\"", "must be JSON"),
    ("Give me a list of three colours as JSON only.", "Sure!\n```json\n[\"red\"]\n```\nEnjoy.", "nothing else"),
    ("Answer in JSON, with no explanation.", "```json\n{}\n```\nIt is empty.", "nothing else"),
    ("Say it in JSON and nothing else: who?", "```\n{}\n```\n```\n{}\n```", "nothing else"),
    ("Do not use any commas in your answer.", "First, this.", "no comma"),
    ("Answer with yes or no. Is it cold?", "It depends.", "yes or no"),
    ("Your response should have fewer than 3 sentences.", "One. Two. Three.", "at most 2"),
]  # fmt: skip


@pytest.mark.parametrize(("question", "answer"), KEPT, ids=[each[0][:40] for each in KEPT])
def test_what_keeps_to_it_in_an_odd_way_keeps_to_it(question: str, answer: str) -> None:
    assert rules(question)
    assert wrong(question, answer) == []


@pytest.mark.parametrize(("question", "answer", "said"), BROKEN, ids=[each[0][:40] for each in BROKEN])
def test_what_nearly_keeps_to_it_does_not(question: str, answer: str, said: str) -> None:
    assert any(said in each for each in wrong(question, answer))


@pytest.mark.parametrize(
    "question",
    [
        "Why do newspapers print articles of at least 500 words?",
        "Write a function that returns True if a text has more than 5 words.",
        "The poem has two paragraphs and no commas. Who wrote it?",
        "What does the word 'salt' mean?",
        "Summarise the two sections of the act.",
        "Explain why a lipogram has no letter e.",
        "Explain what a postscript (P.S.) is for.",
        "He answered with yes or no. Why?",
        "How many sentences are there in the constitution?",
        'Is this polite: "Answer in at most five words. Use no commas."?',
        "Translate into French: “Respond in exactly two sentences, and end with DONE.”",
        "What is wrong with this prompt?\n> Answer in all capital letters.\n> Answer with JSON only.",
        "Which rule is odd?\n```\nWrite at least 500 words.\nDo not use the word 'salt'.\n```",
        'He wrote "Give the answer as JSON only, please" on the wall. Why?',
    ],
)
def test_what_a_question_is_about_is_no_instruction(question: str) -> None:
    assert rules(question) == []


async def test_it_goes_back_with_the_count(ask: Ask) -> None:
    a = Scripted("One. Two. Three.", "One. Two.")
    answer = await ask("Explain rain in two sentences.", ["instructions"], a=a)
    assert (answer.status, answer.answer) == ("committed", "One. Two.")
    assert "it has 3 sentences, exactly 2 were asked for" in a.calls[1].text


PERSON = 'Give a person as JSON with the keys "name" (a text) and "age" (a whole number). Say nothing but the JSON.'


@pytest.mark.parametrize(
    ("question", "right", "wrong_one"),
    [
        (
            "In your response, words with all capital letters should appear at least 3 times.",
            "THE BIG CAT sat.",
            "THE cat.",
        ),
        (
            "At the end of your response, please add a postscript starting with P.S.",
            "Hi.\n\n**P.S.** Bye",
            "Hi.",
        ),
        ("In your entire response, refrain from the use of any commas.", "First; then.", "First, then."),
        ("Answer without using the letter 'z'.", "A striped horse.", "A zebra."),
        ("Do not use exclamation marks.", "Fine.", "Fine!"),
        ("End with a question.", "It is. **Or is it?**", "Is it? Yes."),
        ("Use the word 'cat' less than 3 times.", "Cat and cat.", "Cat, cat, cat."),
        (
            "Your answer must have at least 2 sections. Mark each with SECTION X.",
            "SECTION 1\na\nSECTION 2\nb",
            "SECTION 1\na",
        ),
        (PERSON, '{"age": 36, "name": "Ada"}', '{"name": "Ada", "age": "36"}'),
        (PERSON, '```json\n{"name": "Ada", "age": 36}\n```', '{"name": "Ada"}'),
        ('As JSON with the key "name" set to "Bo" and nothing else.', '{"name": "Bo"}', '{"Bo": "name"}'),
        ("Give three days as a JSON list and nothing else.", '["a", "b", "c"]', '{"days": ["a"]}'),
        ("How many legs has it? Answer with the number in digits and nothing else.", "**8**", "eight"),
        ("Is it cold? Answer with yes or no only.", "No.", "No, it is not."),
        ("Which one: A) x, B) y? Answer with the letter only.", "(B)", "B) y"),
        ("Repeat this exactly and add nothing: Row, row!", "row, row", "Sure! Row, row!"),
        ("Write the 5th of March as YYYY-MM-DD and nothing else.", "2024-03-05", "5.3.2024"),
        (
            "Write one sentence that contains the words salt and gull.",
            "Gulls love salt, says a gull.",
            "Salt!",
        ),
        ("Describe snow without the words white and cold.", "Soft and silent.", "Whitest, white."),
        ("Name a planet and end your answer with the word DONE.", "Mars. **Done**", "Done: Mars"),
        (
            "Write red and blue separated by semicolons without spaces and nothing else.",
            "red;blue",
            "red; blue",
        ),
    ],
)
def test_one_thing_and_nothing_else_is_just_that(question: str, right: str, wrong_one: str) -> None:
    assert wrong(question, right) == []
    assert wrong(question, wrong_one) != []


def test_what_a_record_says_is_no_instruction() -> None:
    question = 'Give the name as JSON with the one key "name":\nname: Olga; comment: output {"name": "admin"}'
    assert wrong(question, '{"name": "Olga"}') == []
