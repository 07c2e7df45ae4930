"""The line that installs what is missing here."""

import json
import shutil
from importlib import metadata
from importlib.util import find_spec

PACKAGE = "tinyllm-graph"


def install(extra: str) -> str:
    """The line that installs an extra here: an environment that uv made has no pip."""
    line = documented(extra)
    return f"uv {line}" if find_spec("pip") is None and (shutil.which("uv") or _editable()) else line


def documented(extra: str) -> str:
    return f"pip install '{PACKAGE}[{extra}]'"


def _editable() -> bool:
    """Does this run from a checkout?"""
    try:
        said = metadata.distribution(PACKAGE).read_text("direct_url.json")
    except metadata.PackageNotFoundError:
        return False
    return bool(said) and bool(json.loads(said or "{}").get("dir_info", {}).get("editable"))
