"""Recorded playback: read from what people have at hand, and put through an emulator at the times of the recording.

``recording`` reads it, ``lines`` and ``har`` what it may consist of, ``call`` is one request of it ·
``judged_file`` lets an emulator of its own process it. No sockets.
"""
