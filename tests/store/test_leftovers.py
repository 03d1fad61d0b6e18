from __future__ import annotations

from mockserver.store.leftovers import free


def test_every_container_is_emptied() -> None:
    listed, known, none = list(range(1234)), dict.fromkeys(range(1234)), list[int]()
    free((listed, known, none))
    assert not listed
    assert not known
