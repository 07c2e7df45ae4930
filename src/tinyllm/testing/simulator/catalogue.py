"""Which models a simulated server has."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tinyllm.testing.simulator.ask import Refusal
from tinyllm.testing.simulator.gojson import local_timestamp
from tinyllm.testing.simulator.model import Model, Name


@dataclass(slots=True)
class Entry:
    """A model and since when it is there."""

    model: Model
    modified: int
    installed: bool


class Catalogue:
    """The models by name. An open one has every model that is asked for."""

    def __init__(
        self, models: Iterable[Model], *, open_to_all: bool = False, like: Model | None = None
    ) -> None:
        now = time.time_ns()
        self._like = like or Model(capabilities=("completion", "tools", "thinking", "insert"))
        self._open = open_to_all
        self._entries = {
            model.full_name.key: Entry(model, now - place * 1_000_000_000, model.installed)
            for place, model in enumerate(models)
        }

    def find(self, name: str) -> Model | None:
        """The installed model of that name; a name that is none is refused."""
        parts = _checked(name)
        entry = self._entries.get(parts.key)
        if entry is None and self._open:
            return self._add(self._like.model_copy(update={"name": parts.short}))
        return entry.model if entry and entry.installed else None

    def find_remote(self, name: str) -> Model | None:
        """The model of that name, wherever it is."""
        entry = self._entries.get(_checked(name).key)
        return entry.model if entry else self.find(name)

    def _add(self, model: Model) -> Model:
        self._entries[model.full_name.key] = Entry(model, time.time_ns(), True)
        return model

    def install(self, model: Model) -> None:
        self._add(model)

    def delete(self, name: str) -> bool:
        entry = self._entries.get(_checked(name).key)
        there = entry is not None and entry.installed
        if entry:
            entry.installed = False
        return there

    def copy(self, source: str, destination: str) -> bool:
        model = self.find(source)
        if model:
            self._add(model.model_copy(update={"name": _checked(destination).short}))
        return model is not None

    def tags(self) -> list[dict[str, Any]]:
        """What `/api/tags` lists, the newest first."""
        there = [entry for entry in self._entries.values() if entry.installed]
        return [_tag(entry) for entry in sorted(there, key=lambda entry: -entry.modified)]

    def modified(self, model: Model) -> str:
        return local_timestamp(self._entries[model.full_name.key].modified)

    def names(self) -> list[str]:
        return [entry.model.full_name.short for entry in self._entries.values() if entry.installed]


def _checked(name: str) -> Name:
    if name.endswith((":local:cloud", ":cloud:local")):
        raise Refusal(400, f'use either :local or :cloud, not both: "{name}"')
    parts = Name.read(name)
    if parts is None:
        raise Refusal(400, "invalid model name")
    if parts.tag.endswith(("-cloud", "cloud")):
        raise Refusal(403, "ollama cloud is disabled: remote model is unavailable")
    return parts


def _tag(entry: Entry) -> dict[str, Any]:
    model = entry.model
    return {
        "name": model.full_name.short,
        "model": model.full_name.short,
        "modified_at": local_timestamp(entry.modified),
        "size": model.size,
        "digest": model.digest,
        "details": {**model.details(), "context_length": model.longest, "embedding_length": model.embedding},
        "capabilities": list(model.capabilities),
    }
