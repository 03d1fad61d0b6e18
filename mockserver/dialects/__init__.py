"""The wire formats of emulated APIs.

``base`` says what a dialect is · ``registry`` which there are · one folder for each.
"""
