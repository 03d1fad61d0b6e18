"""A server as a test sees it: in the same process, or somewhere else, by the same methods.

``media_server`` what both have in common · ``mock_server`` one in this process · ``connection`` one that runs already ·
``clock_hand``, ``fault_set``, ``story_set`` their clock, their fault rules and their stories · ``session_handle``,
``session_search`` one session of a player · ``judgement`` that nothing is wrong · ``arguments`` what a test gives, as a
control takes it · ``prepared_server`` one elsewhere with a start to come back to · ``own_thread`` waiting without
blocking a loop.
"""

from __future__ import annotations

from mockserver.media_server.clock_hand import ClockHand
from mockserver.media_server.connection import connect
from mockserver.media_server.fault_set import FaultHandle, FaultSet
from mockserver.media_server.media_server import MediaServer
from mockserver.media_server.mock_server import MockServer
from mockserver.media_server.session_handle import SessionHandle
from mockserver.media_server.story_set import StoryHandle

__all__ = [
    "ClockHand",
    "FaultHandle",
    "FaultSet",
    "MediaServer",
    "MockServer",
    "SessionHandle",
    "StoryHandle",
    "connect",
]
