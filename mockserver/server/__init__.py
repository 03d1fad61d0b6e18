"""The HTTP shell, the only package that imports aiohttp. It reads requests, executes plans and decides nothing.

``service`` everything one server consists of but its sockets · ``endpoint`` the emulated API · ``effects``, ``answers``
what a plan does to a connection · ``admin``, ``guard``, ``stream``, ``page`` the admin API · ``runner`` listening, in
this thread or one of its own · ``port`` the sockets of one port · ``gate`` whether players are let in at all.
"""
