"""How tools change a file of the workspace: through the effects, so that a rollback brings back what was there."""

from tinyllm.effects import write_file
from tinyllm.errors import BadReply
from tinyllm.toolkit import Inside

LARGEST = 64_000_000  # bytes


async def put(path: Inside, content: bytes) -> None:
    """Put this content there, all or nothing."""
    path.check_writable()
    if path.is_folder:
        raise BadReply(f"{path} is a folder", hint="name a file in it", code="IS_A_DIRECTORY")
    if len(content) > LARGEST:
        raise BadReply(
            f"{len(content):,} bytes are too much for one file",
            hint=f"write at most {LARGEST:,}",
            code="TOOL_INPUT",
        )
    await write_file(path, content)
