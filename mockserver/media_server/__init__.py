"""A server as a test uses it, with the same methods for one in the same process and one elsewhere.

``media_server`` the methods · ``mock_server`` a server in this process · ``connection`` a server that is running ·
``controls`` its clock, fault rules and simulated players · ``story_set`` its stories · ``session_handle`` one
session of a player · ``questions`` queries that take more than one call · ``blocking`` waiting without blocking an
event loop.
"""

from __future__ import annotations

from mockserver.media_server.connection import connect
from mockserver.media_server.controls import FaultHandle, FaultSet, ServerClock
from mockserver.media_server.media_server import MediaServer
from mockserver.media_server.mock_server import MockServer
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
