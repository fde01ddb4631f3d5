"""Decides who may learn what about whom, for which purpose; pure: no I/O, no clock, no database, no randomness."""
