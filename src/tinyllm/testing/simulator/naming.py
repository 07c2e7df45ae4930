"""What a prompt says of topics: whether it names one, and which are asked for by name."""

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from tinyllm.testing.simulator.population import Gold

NAMES = ("name", "topic", "label", "domain")


def names(prompt: str, question: str, topic: str) -> bool:
    """The prompt around the question says the topic's name, as whole words."""
    around = prompt.replace(question, " ") if question else prompt
    words = [re.escape(word) for word in re.split(r"[\s_+-]+", topic) if word]
    named = r"(?<!\w)" + r"[\s_+-]+".join(words) + r"(?!\w)"
    return bool(words) and re.search(named, around, re.IGNORECASE) is not None


def listing(schema: Any) -> tuple[str, str] | None:
    """The list and the field where a schema wants several things by name: subject areas, say."""
    for key, part in (schema.get("properties") or {}).items() if isinstance(schema, dict) else ():
        items = part.get("items") if isinstance(part, dict) else None
        fields = items.get("properties") if isinstance(items, dict) else None
        for field, wanted in (fields or {}).items():
            if field in NAMES and wanted.get("type") == "string" and "enum" not in wanted:
                return key, field
    return None


def listed(where: tuple[str, str], prompt: str, found: Callable[[str], Gold | None]) -> str:
    """The topics of the questions in the last paragraph of a prompt, the most frequent first."""
    last = [part for part in re.split(r"\n\s*\n", prompt) if part.strip()][-1:]
    golds = [
        gold for line in (last[0].splitlines() if last else ()) if (gold := found(" ".join(line.split())))
    ]
    topics: Sequence[str] = [part for gold in golds for part in gold.topic.split("+")]
    order = sorted(dict.fromkeys(topics), key=lambda topic: -topics.count(topic))
    key, field = where
    return json.dumps({key: [{field: topic} for topic in order]})
