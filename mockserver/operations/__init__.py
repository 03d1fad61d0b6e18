"""What every control route does, on the emulator of a namespace: typed argument in, typed answer out.

``table`` finds the operation of a route · ``namespace`` the operations on one namespace · ``judgement`` those that
judge it · ``stories`` those on its stories · ``server`` those on all ·
``metrics``, ``openapi`` the two answers that describe the server.
"""
