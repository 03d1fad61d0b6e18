from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mockserver.cli.story_files import StoryFile, StoryFiles
from mockserver.errors import InvalidInput
from mockserver.stories.book import StoryBook

GOOD = """\
title = "{title}"
symptom = "s"
description = "d"
player = "p"

[[expect]]
says = "It pings."
query = {{ event_type = "ping" }}
"""


@pytest.fixture
def save(tmp_path: Path) -> Callable[[str, str], Path]:
    """Write a story file with a new modification time, so that even a quick second version is noticed."""
    saved = 0

    def write(name: str, title: str) -> Path:
        nonlocal saved
        saved += 1
        path = tmp_path / name
        path.write_text(GOOD.format(title=title) if title else "title = 3\n", encoding="utf-8")
        os.utime(path, (saved, saved))
        return path

    return write


Save = Callable[[str, str], Path]


def titles(files: StoryFiles) -> dict[str, str]:
    return {name: known.story.title for name, known in files.known().items()}


def files_in(*paths: Path) -> StoryFiles:
    return StoryFiles(paths, StoryBook().check_free)


def test_files_and_folders_are_read(save: Save, tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    one, two = save("one.toml", "1"), save("more/two.toml", "2")
    save("more/notes.txt", "")

    files = files_in(one, two.parent)

    assert titles(files) == {"one": "1", "two": "2"}
    assert files.known()["two"].origin == str(two)


def test_unusable_story_is_refused_with_its_file(save: Save, tmp_path: Path) -> None:
    bad, taken = save("bad.toml", ""), save("flap-500.toml", "x")
    (tmp_path / "more").mkdir()
    one, same = save("one.toml", "1"), save("more/one.toml", "1")
    for paths, message in (
        ((bad,), f"{bad}:1: /title: must be text, not 3"),
        ((taken,), f"{taken}: flap-500 is the name of a built-in story; give yours another"),
        ((one, same), f"{same}: {one} already has a story of that name"),
        ((tmp_path / "gone",), f"there is no file or folder {tmp_path / 'gone'}"),
    ):
        with pytest.raises(InvalidInput) as caught:
            files_in(*paths)
        assert str(caught.value) == message


def test_file_is_read_again_when_it_changed_and_only_then(save: Save) -> None:
    file = StoryFile(save("one.toml", "1"))
    assert not file.reread()
    save("one.toml", "2")
    assert file.reread()
    assert file.story.title == "2"
    assert not file.reread()


def test_bad_file_is_reported_once_and_changes_nothing(save: Save, tmp_path: Path) -> None:
    save("one.toml", "1")
    save("two.toml", "2")
    files = files_in(tmp_path)

    path = save("one.toml", "")
    save("two.toml", "3")

    assert files.reread() == (["two"], [f"{path}:1: /title: must be text, not 3"])
    assert titles(files) == {"one": "1", "two": "3"}
    assert files.reread() == ([], [])
    save("one.toml", "4")
    assert files.reread() == (["one"], [])
    assert titles(files) == {"one": "4", "two": "3"}


def test_folder_is_watched_for_new_and_removed_files(save: Save, tmp_path: Path) -> None:
    one = save("one.toml", "1")
    files = files_in(tmp_path)

    one.unlink()
    save("two.toml", "2")
    bad = save("bad.toml", "")

    assert files.reread() == (["one", "two"], [f"{bad}:1: /title: must be text, not 3"])
    assert titles(files) == {"two": "2"}
    assert files.reread() == ([], [])


def test_story_stays_while_its_file_is_missing_for_a_moment(save: Save) -> None:
    one = save("one.toml", "1")
    files = files_in(one)

    one.unlink()

    changed, [wrong] = files.reread()
    assert changed == []
    assert wrong.startswith(f"cannot read {one}")
    assert titles(files) == {"one": "1"}
    save("one.toml", "2")
    assert files.reread() == (["one"], [])


@pytest.mark.posix
def test_a_pipe_among_story_files_is_not_waited_for(save: Save, tmp_path: Path) -> None:
    save("one.toml", "1")
    os.mkfifo(tmp_path / "two.toml")
    files = files_in(tmp_path)
    assert titles(files) == {"one": "1"}
    assert files.reread() == ([], [])
    with pytest.raises(InvalidInput, match="neither a file nor a folder"):
        files_in(tmp_path / "two.toml")
