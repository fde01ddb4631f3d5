"""Remembers who asked what for which purpose; knows nobody: it holds codes, commitments and pseudonyms."""
