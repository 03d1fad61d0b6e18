"""The HTTP shell, the only package that imports aiohttp. It reads requests, executes plans and decides nothing.

``site`` everything one server consists of · ``endpoint`` the emulated API · ``effects`` what a plan does to a
connection · ``admin``, ``guard``, ``stream`` the admin API · ``runner`` listening, in this thread or one of its own ·
``app`` embedding.
"""
