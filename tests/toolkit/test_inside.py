"""A path inside the workspace, and everything that tries to lead out of it."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tinyllm.errors import Invalid, TinyError
from tinyllm.toolkit import Bounds, Inside, within

SECRET = "the secret outside"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A workspace with a secret beside it; the tools of the test are kept in it."""
    root = tmp_path / "ws"
    (root / "data").mkdir(parents=True)
    (root / "data" / "sales.csv").write_text("a,b\n1,2\n")
    (tmp_path / "secret").write_text(SECRET)
    (tmp_path / "ws-beside").mkdir()
    (tmp_path / "ws-beside" / "secret").write_text(SECRET)
    with within(Bounds(root, kept=(root / "tinyllm.toml",))):
        yield root


def test_a_file_is_read_by_its_path_in_the_workspace(folder: Path) -> None:
    found = Inside.of("./data/../data/sales.csv")
    assert (str(found), found.suffix, found.is_file) == ("data/sales.csv", ".csv", True)
    assert found.read_text() == "a,b\n1,2\n"
    assert Inside.of(str(folder / "data/sales.csv")) == found


def test_a_link_inside_the_workspace_is_followed(folder: Path) -> None:
    (folder / "latest").symlink_to("data/sales.csv")
    assert str(Inside.of("latest")) == "data/sales.csv"


def test_a_folder_is_listed_and_walked_without_its_links(folder: Path) -> None:
    (folder / "out").symlink_to("/etc")
    (folder / "data" / "deep").mkdir()
    (folder / "data" / "deep" / "x.txt").write_text("x")
    assert [str(each) for each in Inside.of(".").children()] == ["data"]
    assert [str(each) for each in Inside.of(".").walk()] == [
        "data", "data/deep", "data/deep/x.txt", "data/sales.csv",
    ]  # fmt: skip


def test_a_file_is_replaced_with_its_rights_and_deleted(folder: Path) -> None:
    path = Inside.of("new/folder/out.txt")
    path.replace(b"one")
    path.path.chmod(0o640)
    path.replace(b"two")
    assert path.read_bytes() == b"two"
    assert path.path.stat().st_mode & 0o777 == 0o640
    assert [each.name for each in (folder / "new" / "folder").iterdir()] == ["out.txt"]
    path.replace(None)
    assert not path.is_file


def test_a_large_file_is_refused_with_its_size(folder: Path) -> None:
    (folder / "large").write_bytes(b"x" * 2_000)
    with pytest.raises(Invalid, match="2,000 bytes, and 1,000 may be read"):
        Inside.of("large").read_bytes(1_000)


def test_what_is_no_text_says_so(folder: Path) -> None:
    (folder / "picture").write_bytes(b"\xff\xd8")
    with pytest.raises(Invalid, match="not UTF-8 text"):
        Inside.of("picture").read_text()


def test_a_held_file_can_be_opened_by_name_and_not_swapped(folder: Path) -> None:
    path = Inside.of("data/sales.csv")
    with path.held() as name:
        path.path.unlink()
        path.path.symlink_to(folder.parent / "secret")
        assert Path(name).read_text() == "a,b\n1,2\n"


# Twelve ways out.


def _link(folder: Path) -> str:
    (folder / "link").symlink_to(folder.parent / "secret")
    return "link"


def _linked_folder(folder: Path) -> str:
    (folder / "up").symlink_to("..")
    return "up/secret"


def _chain(folder: Path) -> str:
    (folder / "one").symlink_to("two")
    (folder / "two").symlink_to("data/../../secret")
    return "one"


def _absolute_link(folder: Path) -> str:
    (folder / "root").symlink_to("/")
    return f"root{folder.parent}/secret"


def _pipe(folder: Path) -> str:
    os.mkfifo(folder / "pipe")
    return "pipe"


def _socket(folder: Path) -> str:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(folder / "s"))
    return "s"


def _loop(folder: Path) -> str:
    (folder / "a").symlink_to("b")
    (folder / "b").symlink_to("a")
    return "a"


OUT: dict[str, Callable[[Path], str]] = {
    "parent": lambda folder: "../secret",
    "parent in the middle": lambda folder: "data/../../secret",
    "absolute": lambda folder: str(folder.parent / "secret"),
    "sibling with the same beginning": lambda folder: "../ws-beside/secret",
    "link to a file": _link,
    "link to a folder": _linked_folder,
    "chain of links": _chain,
    "link to the root": _absolute_link,
    "process": lambda folder: "/proc/self/environ",
    "device": lambda folder: "/dev/zero",
    "pipe": _pipe,
    "socket": _socket,
    "links in circles": _loop,
    "home": lambda folder: "~/secret",
    "invisible": lambda folder: "data/\0../secret",
}


@pytest.mark.parametrize("make", OUT.values(), ids=OUT)
def test_no_path_leads_out(folder: Path, make: Callable[[Path], str]) -> None:
    given = make(folder)
    with pytest.raises((TinyError, OSError)) as read:
        Inside.of(given).read_bytes()
    with pytest.raises((TinyError, OSError)):
        Inside.of(given).replace(b"overwritten")
    assert SECRET not in str(read.value)
    assert (folder.parent / "secret").read_text() == SECRET


def test_the_system_is_refused_even_when_it_is_inside() -> None:
    with within(Bounds(Path("/"))):
        for given in ("proc/self/environ", "dev/zero", "sys/kernel/notes"):
            with pytest.raises(TinyError, match="belongs to the system"):
                Inside.of(given)


DECIDES = [
    ".git/hooks/pre-commit", "sub/.GIT/config", "tinyllm.toml", ".", "sub/tinyllm.toml", "sub/TinyLLM.toml",
    "pyproject.toml", "sub/pyproject.toml", "tinyllm.mcp.json", "mine.growth.yaml", "sub/Mine.Growth.YML",
]  # fmt: skip


@pytest.mark.parametrize("given", DECIDES)
def test_what_decides_what_runs_is_not_written(folder: Path, given: str) -> None:
    with pytest.raises(TinyError) as refused:
        Inside.of(given).replace(b"x")
    assert refused.value.code in ("PATH_OUTSIDE", "IS_A_DIRECTORY")
    assert [each.name for each in folder.iterdir()] == ["data"]


def test_writing_one_name_of_a_file_leaves_its_other_name_alone(folder: Path) -> None:
    os.link(folder.parent / "secret", folder / "hard")
    Inside.of("hard").replace(b"new")
    assert (folder.parent / "secret").read_text() == SECRET


# Races: the path is good when it is checked, and bad when it is used.


def test_a_file_that_became_a_link_is_refused(folder: Path) -> None:
    path = Inside.of("data/sales.csv")
    path.path.unlink()
    path.path.symlink_to(folder.parent / "secret")
    with pytest.raises(TinyError, match="outside of the workspace"):
        path.read_bytes()
    with pytest.raises(TinyError, match="outside of the workspace"):
        path.replace(b"overwritten")


def test_a_folder_that_became_a_link_is_refused(folder: Path) -> None:
    path = Inside.of("data/secret")
    (folder / "data").rename(folder / "gone")
    (folder / "data").symlink_to("..")
    with pytest.raises(TinyError, match="outside of the workspace"):
        path.read_bytes()
    with pytest.raises(TinyError, match="outside of the workspace"):
        path.replace(b"overwritten")
    assert (folder.parent / "secret").read_text() == SECRET


def test_a_file_that_became_a_pipe_does_not_hold_us(folder: Path) -> None:
    path = Inside.of("data/sales.csv")
    path.path.unlink()
    os.mkfifo(path.path)
    with pytest.raises(TinyError, match="not a file"):
        path.read_bytes()


@contextmanager
def swapping(first: Path, second: Path, name: Path) -> Iterator[None]:
    """Somebody puts one and the other in the place of this name, as fast as they can."""
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            for each in (first, second):
                draft = name.with_name(".draft")
                draft.symlink_to(each) if each.is_dir() else os.link(each, draft, follow_symlinks=False)
                draft.replace(name)
                draft.unlink(missing_ok=True)  # a rename onto another name of the same file does nothing

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_a_race_for_a_file_never_reads_the_secret(folder: Path) -> None:
    (folder / "good").write_text("good")
    (folder / "bad").symlink_to(folder.parent / "secret")
    os.link(folder / "good", folder / "file")
    seen: set[str] = set()
    with swapping(folder / "good", folder / "bad", folder / "file"):
        for _ in range(800):
            try:
                seen.add(Inside.of("file").read_text())
            except TinyError as failure:
                seen.add(failure.code)
    assert seen <= {"good", "PATH_OUTSIDE", "PATH_INVALID"}
    assert "good" in seen


def test_a_race_for_a_folder_never_reads_or_writes_outside(folder: Path) -> None:
    (folder / "one").mkdir()
    (folder / "one" / "secret").write_text("mine")
    (folder / "way").symlink_to("one")
    seen: set[str] = set()
    with swapping(folder / "one", folder.parent, folder / "way"):
        for _ in range(400):
            try:
                path = Inside.of("way/secret")
                seen.add(path.read_text())
                path.replace(b"mine")
            except TinyError as failure:
                seen.add(failure.code)
    assert seen <= {"mine", "PATH_OUTSIDE", "PATH_INVALID"}
    assert (folder.parent / "secret").read_text() == SECRET
