"""Adobe's Media Collection API, version 1.

``dialect`` the object that everything else uses · ``paths`` what a method and path ask for · ``reader`` request →
arrival · ``answers`` outcome → response · ``keys``, ``schemas``, ``validation``, ``explain`` what a valid body is, and
why another is not · ``described`` all of it in OpenAPI.
"""
