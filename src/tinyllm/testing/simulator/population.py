"""A population of simulated models: who they are, what they know, and what goes wrong with them."""

from typing import Any

from pydantic import Field, field_validator, model_validator

from tinyllm.testing.simulator.model import Model, Name, Strict

GENERAL = "general"
TOPICS: dict[str, tuple[str, ...]] = {
    "code": (
        "code",
        "function",
        "python",
        "program",
        "class",
        "bug",
        "script",
        "regex",
        "sql",
        "algorithm",
        "def",
    ),
    "math": (
        "sum",
        "percent",
        "calculate",
        "number",
        "equation",
        "solve",
        "+",
        "*",
        "how many",
        "average",
        "product",
    ),
}
CANNED: dict[str, tuple[str, ...]] = {
    "code": ("```python\ndef answer():\n    return None\n```",),
    "math": ("The result is 42.",),
    GENERAL: (
        "That depends on what you are after. In short: start small, look at what happens, and go on from there.",
    ),
}


class Aside(Strict):
    """What is answered when a prompt asks something else about the question.

    The cue `tests` or `program` is understood however it is worded, any other one by its words.
    """

    cue: str = Field(min_length=1)
    answer: str
    others: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    topic: str = Field(default="", description="The skill that counts; the question's when left out.")


class Use(Strict):
    """The tool call that a good model makes first."""

    name: str
    arguments: dict[str, Any] = Field(default_factory=dict)


class Gold(Strict):
    """A question with its answer. It is recognised by its text, word for word, wherever it stands in a prompt."""

    question: str = Field(pattern=r"\S")
    answer: str
    topic: str = GENERAL
    others: tuple[str, ...] = Field(default=(), description="The same answer in other words.")
    wrong: tuple[str, ...] = ()
    difficulty: float | None = Field(default=None, ge=0, le=1, description="0 the easiest, 1 the hardest.")
    tool: Use | None = None
    asides: tuple[Aside, ...] = ()


class Population(Strict):
    """All that a population file says."""

    seed: int = 0
    scale: float = Field(default=1.0, ge=0, le=1000, description="All latencies times this.")
    room: int = Field(default=3, ge=1, description="How many models fit into memory at a time.")
    queue: int = Field(default=512, ge=1, description="How many requests may wait.")
    discrimination: float = Field(
        default=6.0, ge=0, le=50, description="0: every question is as hard as any other."
    )
    noise: float = Field(
        default=0.55, ge=0, le=10, description="How much models differ in what they find hard."
    )
    bonus: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="How much lower a model's error rate is when its prompt names the topic.",
    )
    topics: dict[str, tuple[str, ...]] = Field(default_factory=lambda: dict(TOPICS))
    models: dict[str, Model] = Field(min_length=1)
    gold: tuple[Gold, ...] = ()
    canned: dict[str, tuple[str, ...]] = Field(default_factory=lambda: dict(CANNED))

    @field_validator("models", mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {name: _with_name(str(name), each) for name, each in value.items()}

    @field_validator("models")
    @classmethod
    def _well_formed(cls, value: dict[str, Model]) -> dict[str, Model]:
        for name in value:
            if Name.read(name) is None:
                raise ValueError(f"{name!r} is not the name of a model; write it like qwen2.5:3b")
        return value

    @model_validator(mode="after")
    def _known_topics(self) -> "Population":
        known = {
            *self.topics,
            *self.canned,
            GENERAL,
            *(topic for gold in self.gold for topic in gold.topic.split("+")),
            *(aside.topic for gold in self.gold for aside in gold.asides),
        }
        known |= {"default", "routing", "tools", *(gold.topic for gold in self.gold)}
        for name, model in self.models.items():
            for topic in model.skills:
                if not set(topic.split("+")) <= known:
                    raise ValueError(
                        f"{name} has a skill in {topic!r}, which no question and no topic is about"
                    )
        return self


def _with_name(name: str, model: Any) -> Any:
    if isinstance(model, Model):
        return model.model_copy(update={"name": name})
    return {**(model or {}), "name": name} if isinstance(model, dict | None) else model
