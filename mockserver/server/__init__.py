"""The HTTP shell, the only package that imports aiohttp. It reads requests, executes plans and decides nothing.

``service`` everything one server consists of but its sockets · ``emulated_api`` the requests of players · ``effects``,
``answers`` what a plan does to a connection · ``admin_api``, ``guard``, ``stream``, ``page`` the requests of testers ·
``runner`` listening, in this thread or one of its own · ``port`` the sockets of one port · ``gate`` whether players are
let in at all.
"""
