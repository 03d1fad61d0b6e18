"""What each route of the admin API does: a target and a typed argument in, a typed answer out.

``table`` finds the function of a route · ``entries``, ``verification``, ``sessions``, ``findings``, ``stories`` what a
namespace knows · ``diagnosis`` judges it · ``imports`` adds recordings · ``controls`` what a tester controls ·
``server`` the server as a whole · ``waiting`` answers that take a wait · ``metrics``, ``openapi`` the two answers that
describe the server.
"""
