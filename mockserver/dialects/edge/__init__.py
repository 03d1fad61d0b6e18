"""The Media Edge API."""
