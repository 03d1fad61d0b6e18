"""What each route of the admin API does: a target and a typed argument in, a typed answer out.

``table`` finds the function of a route, and ``local_control`` calls it. What a namespace knows: ``entries``,
``neighbourhood``, ``verification``, ``sessions``, ``search``, ``findings``, ``comparison``, ``plans``,
``expectations``, ``stories`` · ``diagnosis`` judges its traffic · ``imports`` adds recordings · ``controls`` what a
tester controls · ``server`` the server as a whole · ``metrics``, ``openapi``, ``schemas`` the answers that describe
it · ``waiting``, ``paging`` answers that take a wait or are large · ``collector`` holds back the garbage collector.
"""
