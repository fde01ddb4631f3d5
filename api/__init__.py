"""Serves: the machine API, the staff console, the customers' portal and the command line."""
