"""The stories that come with the package, a TOML file each, and how such files are read.

``file`` one story from its file · ``book`` the stories that can be started.
"""
