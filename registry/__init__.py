"""Keeps: the use cases, the rows and the keys of the registry."""
