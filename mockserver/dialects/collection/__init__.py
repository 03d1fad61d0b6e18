"""Adobe's Media Collection API, version 1.

``paths`` what a method and path ask for · ``reader`` request → arrival · ``answers`` outcome → response · ``keys``,
``schemas``, ``validation``, ``explain`` what a valid body is, and why another is not.
"""
