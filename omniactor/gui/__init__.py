"""Screens: pictures from outside, and the episodes that are played on them.

`images` is the only place where bytes that somebody sent become pixels.
"""
