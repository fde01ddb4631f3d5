"""Proves what the product promises."""
