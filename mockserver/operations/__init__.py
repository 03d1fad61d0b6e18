"""What every control route does: a target and a typed argument in, a typed answer out.

``table`` finds the operation of a route · ``entries``, ``verification``, ``sessions``, ``findings``, ``stories`` what a
namespace knows · ``imports`` takes recordings in · ``controls`` what a tester sets · ``server`` the server as a whole ·
``waiting`` answers that have to be waited for · ``metrics``, ``openapi`` the two answers that describe the server.
"""
