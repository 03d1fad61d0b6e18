"""The command line: ``mockserver serve``, ``replay``, ``schema``, ``tail``.

``command_line`` finds the command and words what goes wrong · ``parser`` knows all commands, a module each · ``flags``,
``configuration``, ``config_file``, ``fault_file`` what a server is started with · ``recording``, ``session_ids`` what
``replay`` sends, ``pacing``, ``virtual_time`` when, ``in_flight`` how, ``comparison`` what came of it ·
``address``, ``event_stream`` what ``tail`` reads · ``story_run``, ``story_files``, ``story_page``
how ``story`` tells one · ``request_line`` how a request is shown.

A command imports what it needs when it is called: starting the server must cost little more than importing aiohttp.
"""

from __future__ import annotations

from mockserver.cli.command_line import main

__all__ = ["main"]
