"""Compares two sessions of one viewing: what the player reports differently, and what that does to the report.

Both are compared in the normal shape, so each may have been reported to another API. What one API cannot say, or says
in whole seconds only, is not a difference.
"""
