"""Between records and bytes: only this package reads and writes JSON, and reads TOML."""
