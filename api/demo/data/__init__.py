"""Keeps the demo's source files and reads them; `ORIGIN.md` beside them tells whose they are."""
