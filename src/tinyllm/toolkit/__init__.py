"""What a tool is made of: its type, its registry, and the types that keep it where it belongs."""

from tinyllm.toolkit.bounds import Bounds, bounds, within
from tinyllm.toolkit.connections import Connection, connection
from tinyllm.toolkit.declared import Effect, Reach, Tool, tool
from tinyllm.toolkit.inside import WORKSPACE, Inside
from tinyllm.toolkit.needs import need
from tinyllm.toolkit.public_url import PublicUrl, public_client
from tinyllm.toolkit.toolbox import Toolbox

__all__ = [
    "WORKSPACE",
    "Bounds",
    "Connection",
    "Effect",
    "Inside",
    "PublicUrl",
    "Reach",
    "Tool",
    "Toolbox",
    "bounds",
    "connection",
    "need",
    "public_client",
    "tool",
    "within",
]
