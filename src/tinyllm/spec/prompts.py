"""Prompts as files: the graph's own folder first, then the project's, then ours."""

from dataclasses import dataclass
from pathlib import Path

from tinyllm.errors import GraphError
from tinyllm.problems import did_you_mean
from tinyllm.settings import Settings
from tinyllm.texts import PROMPTS, without_front_matter

SHIPPED = PROMPTS


@dataclass(frozen=True, slots=True)
class Prompts:
    """Folders in which a prompt is looked up, the first one wins."""

    folders: tuple[Path, ...]

    @classmethod
    def beside(cls, graph: Path, settings: Settings) -> "Prompts":
        project = (settings.project / "graphs" / "prompts",) if settings.project else ()
        return cls((graph.parent / "prompts", graph.parent, *project, SHIPPED))

    def text(self, name: str) -> str:
        """The body of a prompt file; a front matter between two `---` lines is for people."""
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise GraphError(
                f"the prompt {name!r} lies outside the prompt folders", hint="use a plain file name"
            )
        try:
            for folder in (*self.folders, SHIPPED):
                if (folder / name).is_file():
                    return without_front_matter((folder / name).read_text("utf-8"))
        except (OSError, UnicodeError) as failure:
            said = failure.strerror if isinstance(failure, OSError) else "not UTF-8 text"
            raise GraphError(
                f"the prompt file {name[:80]!r} cannot be read: {said}", hint="mend the file, or name another"
            ) from failure
        known = {file.name for folder in (*self.folders, SHIPPED) for file in folder.glob("*.md")}
        raise GraphError(
            f"there is no prompt file {name[:80]!r}",
            hint=did_you_mean(name, known) or "put it into the folder `prompts` beside the graph",
        )
