"""The Model Context Protocol: our tools for other programs, and the tools of other servers in our graphs."""

from tinyllm.mcp.declared import Declared, Server
from tinyllm.mcp.foreign import foreign

__all__ = ["Declared", "Server", "foreign"]
