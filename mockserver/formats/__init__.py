"""Formats in which CI systems and people show what a command found.

``diagnose``, ``compare`` and ``story run`` make one record of what they found (:class:`.judgement.Judgement`); each
file here writes it in one format. Texts of players are escaped by the libraries that write JSON and XML, never by hand.
"""
