"""Diagnostics: what is wrong with traffic that the API accepted, rule by rule.

``traffic`` what rules look at, with ``motion``, ``silences``, ``repetition``, ``player_clock`` and ``refusals`` ·
``rule`` what a rule is and says · one module per family of rules · ``catalogue`` the table of all rules · ``causes``
what follows from what · ``run`` applies them · ``text`` writes findings for people.
"""
