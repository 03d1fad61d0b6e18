"""The wire formats of emulated APIs.

A dialect knows paths, bodies and answers; it knows nothing of sessions in
store.
"""
