"""The report: what Adobe's back end would compute of a session, on top of the trace of its playback.

``viewing`` what is measured · ``durations`` time by what went on in it · ``playheads`` which content was seen ·
``metrics`` the table of all metrics, filled by ``content``, ``quality``, ``ads``, ``states`` and ``ratios`` ·
``dimensions`` what it is told apart by · ``report`` puts it together · ``text`` writes it for people.
"""
