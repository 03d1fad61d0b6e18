"""The state of one namespace: requests go in, plans come out.

``emulator`` processes requests and obeys commands · ``state`` what it remembers · ``decision`` what the back end makes
of a request · ``storytelling`` the story that is told · ``waiters`` wakes whoever waits for a record.
"""
