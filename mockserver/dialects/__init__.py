"""The wire formats of emulated APIs.

``base`` what a dialect is · ``registry`` which there are · a folder for each. What they share to explain a
body that is not valid: ``reasons`` why it is not · ``values`` of it in sentences · ``nearest`` what was meant.
"""
