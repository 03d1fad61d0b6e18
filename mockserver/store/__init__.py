"""What a namespace remembers: its journal, its sessions and its fault rules. Bounded; what is dropped is counted."""
