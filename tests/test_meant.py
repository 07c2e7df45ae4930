"""What a person answers is taken for the choice that it means, and for no other."""

import pytest

from tinyllm.cli.say import harmless
from tinyllm.state import meant


@pytest.mark.parametrize(
    ("reply", "choices", "choice"),
    [
        ("yes", ("yes", "no"), "yes"),
        (" Y\n", ("yes", "no"), "yes"),
        ("maybe", ("yes", "no"), ""),
        ("", ("yes", "no"), ""),
        ("st", ("stop", "start"), ""),
        ("anything", (), "anything"),
    ],
)
def test_a_reply_means_one_choice_or_none(reply: str, choices: tuple[str, ...], choice: str) -> None:
    assert meant(reply, choices) == choice


def test_a_model_cannot_command_a_terminal() -> None:
    said = "\x1b]0;title\x07\x1b[31mred\x1b[0m \u202eback\x00\tkept\nkept"
    assert harmless(said) == "]0;title[31mred[0m back\tkept\nkept"
