"""A server that speaks Ollama's protocol without a model behind it."""

from tinyllm.testing.simulator.model import Latency, Model
from tinyllm.testing.simulator.population import Gold, Population
from tinyllm.testing.simulator.reading import read_population
from tinyllm.testing.simulator.reply import Reply, ToolCall
from tinyllm.testing.simulator.request import Request
from tinyllm.testing.simulator.script import Script
from tinyllm.testing.simulator.server import Simulator, serve

__all__ = [
    "Gold",
    "Latency",
    "Model",
    "Population",
    "Reply",
    "Request",
    "Script",
    "Simulator",
    "ToolCall",
    "read_population",
    "serve",
]
