"""Optional packages and programs: which a tool needs, and which are missing."""

import importlib
import re
import shutil
from collections.abc import Iterable
from functools import cache
from importlib import metadata
from types import ModuleType

from tinyllm.errors import Permanent
from tinyllm.installing import PACKAGE, install

REQUIREMENT = re.compile(r"""^([\w.-]+).*\bextra\s*==\s*["']([\w.-]+)["']""")


def need(package: str, *, extra: str) -> ModuleType:
    """An optional package, or the line that installs it."""
    try:
        return importlib.import_module(package)
    except ImportError as failure:
        raise Permanent(
            f"this needs the package {package!r}", hint=install(extra), code="EXTRA_MISSING"
        ) from failure


@cache
def packages(extra: str) -> tuple[str, ...]:
    """The packages that an extra brings, as the installed metadata has them."""
    try:
        required = metadata.requires(PACKAGE) or []
    except metadata.PackageNotFoundError:
        return ()
    found = [REQUIREMENT.match(line) for line in required]
    return tuple(match.group(1) for match in found if match and match.group(2) == extra)


def missing_packages(extra: str) -> tuple[str, ...]:
    """The packages of an extra that are not installed; an extra that this installation has never heard of is missing."""
    if not extra:
        return ()
    return tuple(name for name in packages(extra) or (extra,) if not _installed(name))


def missing_programs(programs: Iterable[str]) -> tuple[str, ...]:
    return tuple(name for name in programs if shutil.which(name) is None)


def _installed(package: str) -> bool:
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return False
    return True


def remedy(extra: str, programs: Iterable[str]) -> str:
    """What to do so that nothing is missing."""
    package = install(extra) if missing_packages(extra) else ""
    lacking = ", ".join(missing_programs(programs))
    return "; ".join(filter(None, (package, lacking and f"install {lacking} with the system")))
