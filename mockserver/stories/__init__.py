"""The stories included in the package, one TOML file each, and the code that reads such files.

``file`` one story from its file · ``book`` the stories that can be started.
"""
