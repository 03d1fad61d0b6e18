"""The state of one namespace behind one lock: requests go in, plans come out, and questions are answered.

``emulator`` processes requests and obeys commands · ``inquiry`` answers questions about what was recorded ·
``verifier`` judges it · ``waiters``, ``pending`` wake whoever waits for a record.
"""
