"""Diagnostics: what is wrong with traffic that the API accepted, rule by rule.

``case`` what a rule sees · one module per family of rules · ``catalogue`` the table of all rules · ``run`` applies it.
"""
