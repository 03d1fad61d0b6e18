"""The command line: ``mockserver serve``, ``play``, ``replay`` and so on.

``command_line`` the commands, each a module of its name · ``flags``, ``configuration``, ``config_file``,
``config_schema``, ``reload`` how a server is set up · ``reachable`` its addresses as printed · ``journal_file``,
``journal_lines``, ``journal_reading`` its journal on disk · ``remote`` a running server · ``source`` what
``diagnose``, ``compare``, ``plan`` and ``report`` read · ``output``, ``output_file``, ``judgements`` what they write ·
``story_files``, ``story_run`` the work of ``story`` · ``pacing``, ``virtual_time``, ``in_flight``, ``flight``,
``sender``, ``session_ids``, ``replayed_answer`` the work of ``replay`` · ``terminal``, ``request_line``,
``request_log`` text for the terminal.

A command imports what it needs when it is called: starting the server must cost little more than importing aiohttp.
"""

from __future__ import annotations

from mockserver.cli.command_line import main

__all__ = ["main"]
