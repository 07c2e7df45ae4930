"""Numbers as the text that Prometheus reads: names, help, types, escaped labels, cumulative buckets."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PREFIX = "tinyllm_"
LONGEST = 200  # characters of a label: a name that a model made up may be anything
BOUNDS = ("0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "30", "60", "120", "300", "+Inf")  # seconds
SUM = "sum"

Labels = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Family:
    """One metric: what it is called, what it says, and its value for each set of labels."""

    name: str
    type: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[str, ...] = ()
    values: Mapping[Labels, float] = field(default_factory=dict)


def exposed(families: Sequence[Family]) -> str:
    return "".join(f"{line}\n" for family in families for line in _lines(family))


def _lines(family: Family) -> Iterator[str]:
    name = PREFIX + family.name
    yield f"# HELP {name} {_escaped(family.help)}"
    yield f"# TYPE {name} {family.type}"
    if family.type == "histogram":
        yield from _histogram(name, family)
        return
    for labels, value in sorted(family.values.items()):
        yield f"{name}{_shown(family.labels, labels)} {_number(value)}"


def _histogram(name: str, family: Family) -> Iterator[str]:
    """A value stands under its own bucket; Prometheus wants with it all those below, and every bucket always."""
    for labels in sorted({labels[:-1] for labels in family.values}):
        total = 0.0
        for bound in BOUNDS:
            total += family.values.get((*labels, bound), 0.0)
            yield f"{name}_bucket{_shown((*family.labels, 'le'), (*labels, bound))} {_number(total)}"
        shown = _shown(family.labels, labels)
        yield f"{name}_sum{shown} {_number(family.values.get((*labels, SUM), 0.0))}"
        yield f"{name}_count{shown} {_number(total)}"


def _shown(names: Sequence[str], values: Labels) -> str:
    inside = ",".join(f'{name}="{_quoted(value)}"' for name, value in zip(names, values, strict=True))
    return f"{{{inside}}}" if inside else ""


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _quoted(text: str) -> str:
    return _escaped(text).replace('"', '\\"').encode("utf-8", "replace").decode()


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(round(value, 6))
