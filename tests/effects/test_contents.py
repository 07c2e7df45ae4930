"""A file is changed in one step, and comes back."""

from pathlib import Path

import pytest

from tinyllm import failpoints
from tinyllm.effects import Contents, Undo, remove_file, replace_file


@pytest.fixture
def contents(tmp_path: Path) -> Contents:
    return Contents(tmp_path / "kept")


def test_a_changed_file_comes_back_with_its_mode(tmp_path: Path, contents: Contents) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"before")
    path.chmod(0o640)
    undo = Undo.of(path, b"after", contents)
    replace_file(path, b"after", 0o600)
    assert Undo(**undo.as_dict()).restore(contents) == ""
    assert path.read_bytes() == b"before"
    assert path.stat().st_mode & 0o777 == 0o640
    assert undo.restore(contents) == "", "a second time changes nothing"


def test_a_new_file_goes_and_so_do_its_folders(tmp_path: Path, contents: Contents) -> None:
    path = tmp_path / "new" / "deep" / "a.txt"
    undo = Undo.of(path, b"x", contents)
    path.parent.mkdir(parents=True)
    replace_file(path, b"x")
    assert undo.restore(contents) == ""
    assert not (tmp_path / "new").exists()


def test_a_deleted_file_comes_back(tmp_path: Path, contents: Contents) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"before")
    undo = Undo.of(path, None, contents)
    remove_file(path)
    assert undo.restore(contents) == ""
    assert path.read_bytes() == b"before"


def test_what_somebody_else_changed_since_is_left_alone(tmp_path: Path, contents: Contents) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"before")
    undo = Undo.of(path, b"after", contents)
    path.write_bytes(b"by hand")
    assert "changed by somebody else" in undo.restore(contents)
    assert path.read_bytes() == b"by hand"


def test_damaged_content_is_not_restored(tmp_path: Path, contents: Contents) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"before")
    undo = Undo.of(path, b"after", contents)
    replace_file(path, b"after")
    kept = next(file for file in contents.folder.glob("??/*"))
    kept.write_bytes(b"tampered")
    assert "cannot be restored" in undo.restore(contents)
    assert path.read_bytes() == b"after"


def test_an_error_midway_leaves_the_old_file_and_no_draft(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"before")
    with failpoints.armed("file.before", failpoints.error), pytest.raises(OSError):
        replace_file(path, b"after")
    assert path.read_bytes() == b"before"
    assert [file.name for file in tmp_path.iterdir() if "a.txt" in file.name] == ["a.txt"]


def test_unwanted_content_is_swept(contents: Contents) -> None:
    kept, gone = contents.keep(b"1"), contents.keep(b"2")
    assert contents.keep(b"1") == kept
    assert contents.sweep({kept}, before=0) == 0, "a run that has just begun may not have filed its line yet"
    assert contents.sweep({kept}, before=float("inf")) == 1
    assert contents.read(kept) == b"1"
    assert contents.read(gone) is None
