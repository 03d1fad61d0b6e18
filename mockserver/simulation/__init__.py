"""Simulated players: sessions as a real player would report them, or as a broken one does.

``content`` what is played, made up but plausible · ``script`` the events of one session, second by second · ``flaw``
what broken players do to them · ``player`` sends them to a server · ``players`` the players that a server started.
"""
