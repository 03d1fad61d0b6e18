"""What a namespace remembers: its journal, its sessions and its fault rules. All are bounded, and drops are counted."""
