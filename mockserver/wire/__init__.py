"""Between records and bytes: the only place where JSON is read and written, and TOML is read."""
