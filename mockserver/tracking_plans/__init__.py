"""Tracking plans as files: reading and writing them, and their JSON Schema for editors.

What a plan means is in :mod:`mockserver.rules.tracking_plan`.
"""
