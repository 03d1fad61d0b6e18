"""The report: what Adobe's back end would compute for a session, from the trace of its playback.

``played_session`` what is measured · ``durations`` time by activity · ``playheads`` which content was seen ·
``metrics`` the table of all metrics, filled by ``content``, ``quality``, ``ads``, ``states`` and ``ratios`` ·
``dimensions`` the values to break it down by · ``summary`` says why in sentences ·
``report`` assembles it · ``text`` writes it for people.
"""
