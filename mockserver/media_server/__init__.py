"""A server as a test sees it: in the same process, or somewhere else, by the same methods.

``media_server`` what both have in common · ``mock_server`` one in this process · ``connection`` one that runs already ·
``server_clock``, ``fault_set``, ``story_set``, ``player_set`` its clock, fault rules, stories and simulated players ·
``session_handle`` one session of a player · ``questions`` what takes more than one call ·
``blocking`` waiting without blocking a loop.
"""

from __future__ import annotations

from mockserver.media_server.connection import connect
from mockserver.media_server.fault_set import FaultHandle, FaultSet
from mockserver.media_server.media_server import MediaServer
from mockserver.media_server.mock_server import MockServer
from mockserver.media_server.server_clock import ServerClock
from mockserver.media_server.session_handle import SessionHandle
from mockserver.media_server.story_set import StoryHandle

__all__ = [
    "FaultHandle",
    "FaultSet",
    "MediaServer",
    "MockServer",
    "ServerClock",
    "SessionHandle",
    "StoryHandle",
    "connect",
]
