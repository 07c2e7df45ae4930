"""One simulated model: what it is, what it can do, how fast it is."""

import re
from hashlib import sha256
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from tinyllm.testing.simulator.reply import Reply, Shape, as_reply

Capability = Literal["completion", "tools", "insert", "vision", "embedding", "thinking", "image", "audio"]
FaultName = Literal[
    "error", "busy", "crash", "silent", "reset", "hang", "garbage", "empty", "cut", "loop", "violate", "slow"
]

_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,79}")
_REGISTRY = "registry.ollama.ai"


class Strict(BaseModel):
    """A part of a population file: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Name(Strict):
    """[host/][namespace/]model[:tag], with the defaults filled in."""

    host: str
    namespace: str
    model: str
    tag: str

    @classmethod
    def read(cls, text: str) -> "Name | None":
        """The parts of a name; nothing when it is not well-formed."""
        path, colon, tag = text.rpartition(":") if ":" in text.rsplit("/", 1)[-1] else (text, "", "")
        parts = path.split("/")
        if len(parts) > 3 or not all(_PART.fullmatch(part.replace(":", "")) for part in parts):
            return None
        if colon and not _PART.fullmatch(tag):
            return None
        host, namespace, model = [*(_REGISTRY, "library")[: 3 - len(parts)], *parts]
        return cls(host=host, namespace=namespace, model=model, tag=tag or "latest")

    @property
    def full(self) -> str:
        return f"{self.host}/{self.namespace}/{self.model}:{self.tag}"

    @property
    def short(self) -> str:
        """The shortest name that still has its tag."""
        if self.host != _REGISTRY:
            return self.full
        return (
            f"{self.model}:{self.tag}"
            if self.namespace == "library"
            else f"{self.namespace}/{self.model}:{self.tag}"
        )

    @property
    def key(self) -> str:
        """Names are compared without regard to case."""
        return self.full.lower()


class Latency(Strict):
    """How long a model takes, in seconds: log-normal around the median, `spread` 0 makes it exact."""

    first: float = Field(default=0.0, ge=0, description="Median time to the first token.")
    token: float = Field(default=0.0, ge=0, description="Median time per token.")
    prompt: float = Field(default=0.0, ge=0, description="Time to read one token of the prompt.")
    spread: float = Field(default=0.0, ge=0, le=3, description="Sigma of the logarithm.")


class Fault(Strict):
    """Something that goes wrong with a probability."""

    fault: FaultName
    rate: float = Field(ge=0, le=1)


class Judging(Strict):
    """How good a judge the model is: of right answers and of wrong ones, the part it accepts."""

    accepts_right: float = Field(default=0.9, ge=0, le=1)
    accepts_wrong: float = Field(default=0.3, ge=0, le=1)
    prefers_first: float = Field(
        default=0.1, ge=0, le=1, description="Of two, takes the first without looking."
    )


class Model(Strict):
    """One model of a population."""

    name: str = ""
    installed: bool = Field(default=True, description="Else it has to be pulled first.")
    family: str = ""
    parameters: str = Field(
        default="", pattern=r"^(\d+(\.\d+)?[BM])?$", description="3B, 500M; else from the name."
    )
    quantization: str = "Q4_K_M"
    capabilities: tuple[Capability, ...] = ("completion",)
    tool_shape: Shape = "native"
    context: int = Field(default=4096, ge=16, description="num_ctx when the request names none.")
    longest: int = Field(default=32768, ge=16, description="What the model was trained for.")
    embedding: int = Field(default=64, ge=1, le=8192, description="Length of an embedding.")
    load: float = Field(default=0.0, ge=0, description="Seconds to load it.")
    slots: int = Field(default=1, ge=1, le=256, description="Requests it works on at the same time.")
    latency: Latency = Latency()
    skills: dict[str, float] = Field(
        default_factory=dict, description="Topic → error rate; `default` for the rest."
    )
    judging: Judging = Judging()
    faults: tuple[Fault, ...] = ()
    replies: tuple[Reply, ...] = Field(default=(), description="Said in this order; the last one repeats.")
    system: str = ""
    template: str = "{{ .Prompt }}"

    @field_validator("replies", mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return (
            [as_reply(each) if isinstance(each, str) else each for each in value]
            if isinstance(value, list)
            else value
        )

    @field_validator("skills")
    @classmethod
    def _rates(cls, value: dict[str, float]) -> dict[str, float]:
        for topic, rate in value.items():
            if not 0 <= rate <= 1:
                raise ValueError(f"the error rate of {topic} is {rate}; it has to be between 0 and 1")
        return value

    @property
    def full_name(self) -> Name:
        name = Name.read(self.name)
        assert name is not None, self.name
        return name

    @property
    def digest(self) -> str:
        return sha256(self.full_name.key.encode()).hexdigest()

    @property
    def size_label(self) -> str:
        found = re.search(r"(\d+(?:\.\d+)?)([bm])\b", self.full_name.tag.lower())
        return self.parameters or (found[0].upper() if found else "3.2B")

    @property
    def parameter_count(self) -> int:
        label = self.size_label
        return int(float(label[:-1]) * (1_000_000_000 if label.endswith("B") else 1_000_000))

    @property
    def size(self) -> int:
        return int(self.parameter_count * 0.6)

    @property
    def kin(self) -> str:
        return self.family or re.sub(r"[^a-z0-9].*", "", self.full_name.model.lower()) or "llama"

    def can(self, capability: Capability) -> bool:
        return capability in self.capabilities

    def details(self) -> dict[str, Any]:
        return {
            "parent_model": "",
            "format": "gguf",
            "family": self.kin,
            "families": [self.kin],
            "parameter_size": self.size_label,
            "quantization_level": self.quantization,
        }
