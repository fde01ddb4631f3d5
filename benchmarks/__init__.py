"""Measures ratios against bare baselines in the same run; never part of a test."""
