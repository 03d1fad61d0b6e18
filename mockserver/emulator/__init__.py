"""The emulator of one namespace: requests go in, plans come out.

``emulator`` processes requests and commands · ``state`` what it remembers · ``decision`` how the back end decides ·
``held_requests`` what delays hold back · ``injection`` what faults see · ``storytelling`` the story that runs ·
``waiters`` wakes whatever waits for a record.
"""
