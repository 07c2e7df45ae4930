"""A population at work: who is asked what, and what comes of it."""

import math
import re
from collections import Counter
from dataclasses import replace

from tinyllm.testing.simulator.asked import aside, flat
from tinyllm.testing.simulator.chance import chance_of_right, normal, quantile, uniform
from tinyllm.testing.simulator.form import filled
from tinyllm.testing.simulator.mishaps import mishap
from tinyllm.testing.simulator.model import Model
from tinyllm.testing.simulator.naming import listed, listing, names
from tinyllm.testing.simulator.population import GENERAL, Aside, Gold, Population
from tinyllm.testing.simulator.reply import Reply, ToolCall
from tinyllm.testing.simulator.request import Request
from tinyllm.testing.simulator.speech import prompt_tokens, tokens

# Questions are found by their first letters: one pass over the prompt, however many there are.
_LONGEST_HEAD = 16
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


class Crowd:
    """Answers of a population. The same file, seed and questions give the same answers."""

    def __init__(self, population: Population) -> None:
        self.population = population
        self.models = tuple(population.models.values())
        self.open_to_all = False
        known = [(flat(gold.question), gold) for gold in population.gold]
        self._head = min([_LONGEST_HEAD, *(len(question) for question, _ in known)])
        self._gold: dict[str, list[tuple[str, Gold]]] = {}
        for question, gold in known:
            self._gold.setdefault(question[: self._head], []).append((question, gold))
        self._tries: Counter[str] = Counter()

    async def disturbance(self, request: Request) -> Reply | None:  # noqa: ARG002 — a population disturbs answers only
        return None

    async def reply(self, request: Request, model: Model) -> Reply:
        said = self.said(request, model)
        return mishap(self._paced(said, request, model), model, request.nth, self.population.seed)

    def said(self, request: Request, model: Model) -> Reply:
        """What the model says, without what may go wrong on the way."""
        if model.replies:
            return model.replies[min(request.nth, len(model.replies) - 1)]
        return self._said(request, model, self._attempt(request, model))

    def _attempt(self, request: Request, model: Model) -> str:
        """What makes one try differ from another: the options' seed, or how often this was asked."""
        options = request.options
        if "seed" in options:
            return f"seed {options['seed']}"
        if options.get("temperature") == 0:
            return "greedy"
        key = f"{model.name}|{request.text}"
        self._tries[key] += 1
        return f"try {self._tries[key]}"

    def _said(self, request: Request, model: Model, attempt: str) -> Reply:
        text = flat(request.text)
        gold = self.gold(text)
        topic = gold.topic if gold else self.topic(request)
        besides = aside(gold, request.messages) if gold else None
        skill = besides.topic or topic if besides else topic
        attempt = _told(request, attempt)
        error = self._error(model, skill)
        if self.population.bonus and gold and names(text, flat(gold.question), topic):
            error = max(0.0, error - self.population.bonus)
        right = self._right(gold, model, attempt, error, besides.cue if besides else "")
        asks = request.ask
        if asks and (where := listing(asks.format)):
            return Reply(text=listed(where, request.text, self.gold))
        if gold and gold.tool and asks and self._calls(request, gold, model, attempt):
            return Reply(tool_calls=(ToolCall(gold.tool.name, gold.tool.arguments),))
        answer = self._answer(
            besides or gold,
            topic,
            right=right,
            draw=uniform(self.population.seed, "which", model.name, text, attempt),
        )
        thinking = f"This is about {topic}. Let me see." if model.can("thinking") else ""
        if asks and asks.format not in (None, "", "json"):
            answer = filled(
                asks.format,
                answer,
                text,
                gold,
                topic,
                model,
                self._lapse(model, "routing", text, attempt),
                self.population.seed,
            )
        return Reply(text=answer, thinking=thinking)

    def gold(self, text: str) -> Gold | None:
        """The question in a prompt: of several the last, of those the longest."""
        head = self._head
        found = [
            (place + len(question), len(question), gold)
            for place in range(len(text) - head + 1)
            for question, gold in self._gold.get(text[place : place + head], ())
            if text.startswith(question, place)
        ]
        return max(found, key=lambda each: each[:2])[2] if found else None

    def topic(self, request: Request) -> str:
        """What a question is about that nobody wrote down: the topic with the most words in it."""
        users = [message["content"] for message in request.messages if message["role"] == "user"]
        words = f" {flat(users[-1] if users else request.text).lower()} "
        counts = {
            topic: sum(1 for cue in cues if re.search(rf"(?<!\w){re.escape(cue.lower())}(?!\w)", words))
            for topic, cues in self.population.topics.items()
        }
        best = max(counts, key=lambda topic: counts[topic], default=GENERAL)
        return best if counts.get(best) else GENERAL

    def _error(self, model: Model, topic: str) -> float:
        skills = model.skills
        default = skills.get("default", 0.3)
        if topic in skills:
            return skills[topic]
        return max(skills.get(part, default) for part in topic.split("+"))

    def _right(self, gold: Gold | None, model: Model, attempt: str, error: float, task: str = "") -> bool:
        if gold is None:
            return True
        seed, question = self.population.seed, gold.question
        difficulty = (
            normal(seed, "difficulty", question) if gold.difficulty is None else quantile(gold.difficulty)
        )
        quirk = normal(seed, "quirk", model.name, question)
        if task:  # who cannot answer a question may yet write a program or tests for it
            quirk = (quirk + normal(seed, "quirk", model.name, question, task)) / math.sqrt(2)
        chance = chance_of_right(
            error, difficulty, quirk, self.population.discrimination, self.population.noise
        )
        return uniform(seed, "right", model.name, question, attempt, *filter(None, [task])) < chance

    def _lapse(self, model: Model, skill: str, text: str, attempt: str) -> bool:
        return uniform(self.population.seed, skill, model.name, text, attempt) < model.skills.get(skill, 0.0)

    def _calls(self, request: Request, gold: Gold, model: Model, attempt: str) -> bool:
        asked = request.ask
        assert asked is not None
        assert gold.tool is not None
        offered = any(tool.get("function", {}).get("name") == gold.tool.name for tool in asked.tools)
        used = any(message["role"] == "tool" for message in asked.messages)
        return offered and not used and not self._lapse(model, "tools", gold.question, attempt)

    def _answer(self, wanted: Gold | Aside | None, topic: str, *, right: bool, draw: float) -> str:
        if wanted is None:
            canned = (
                self.population.canned.get(topic)
                or self.population.canned.get(GENERAL)
                or ("I do not know.",)
            )
            return canned[int(draw * len(canned))]
        if right:
            return (wanted.answer, *wanted.others)[int(draw * (1 + len(wanted.others)))]
        return wanted.wrong[int(draw * len(wanted.wrong))] if wanted.wrong else skewed(wanted.answer, draw)

    def _paced(self, reply: Reply, request: Request, model: Model) -> Reply:
        pace = model.latency
        if not (pace.first or pace.token or pace.prompt):
            return reply
        seed, nth = self.population.seed, request.nth
        first = pace.first * math.exp(pace.spread * normal(seed, "first", model.name, nth))
        token = pace.token * math.exp(pace.spread * normal(seed, "token", model.name, nth))
        read = pace.prompt * prompt_tokens(request.messages, request.ask.tools if request.ask else ())
        words = len(reply.text.split()) + len(reply.thinking.split()) or 1
        every = token * (tokens(reply.text) + tokens(reply.thinking)) / words
        return replace(reply, first_delay=reply.first_delay + first + read, delay=reply.delay + every)


def _told(request: Request, attempt: str) -> str:
    """After a reply that was not accepted, the model thinks again: another die, though nothing is random."""
    replies = sum(message["role"] == "assistant" for message in request.messages)
    return f"{attempt}, reply {replies}" if replies else attempt


def skewed(answer: str, draw: float) -> str:
    """A wrong answer that looks right: the last number is another one, or the answer is somebody else's."""
    found = list(_NUMBER.finditer(answer))
    if not found:
        return "It is the other way round, as far as I remember."
    number = found[-1]
    value = float(number[0])
    other = (value + 1, value * 10, value - 1, value * 2 + 1)[int(draw * 4)]
    shown = str(int(other)) if other.is_integer() else f"{other:g}"
    return answer[: number.start()] + shown + answer[number.end() :]
