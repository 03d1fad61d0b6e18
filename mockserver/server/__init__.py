"""The HTTP shell, the only package that imports aiohttp's server. It reads requests, executes plans, decides nothing.

``service`` everything in one server except its sockets · ``emulated_api`` the requests of players · ``bodies`` what
arrives in pieces · ``effects``, ``answers`` what a plan does to a connection · ``admin_api``, ``guard``, ``stream``,
``page`` the requests of testers · ``runner`` listening, in this thread or one of its own · ``port`` the sockets of one
port · ``gate`` whether players are let in at all.
"""
