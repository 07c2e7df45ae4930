"""What a simulated server is made of, for the endpoints to use."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tinyllm.testing.simulator.catalogue import Catalogue
from tinyllm.testing.simulator.memory import Memory
from tinyllm.testing.simulator.model import Model
from tinyllm.testing.simulator.script import Source


@dataclass(slots=True)
class World:
    """The models, the memory they share, and where their answers come from."""

    catalogue: Catalogue
    memory: Memory
    source: Source
    scale: float = 1.0
    version: str = "0.99.0"
    asked: dict[str, int] = field(default_factory=dict)
    # A real embedding, in the place of hashed words.
    embed: Callable[[list[str]], list[list[float]]] | None = None

    def count(self, model: Model) -> int:
        """How many questions this model had before this one."""
        name = model.full_name.short
        nth = self.asked.get(name, 0)
        self.asked[name] = nth + 1
        return nth
