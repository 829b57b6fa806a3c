"""Screens: pictures from outside, and the episodes that are played on them.

`images` is the only place where bytes that somebody sent become pixels. `episodes` are recorded ones in every format
(`episode_folder`, `aguvis_episodes`, `archive`), `recorded` and `play` run agents through them, `overlay` draws what is done.
`peer` asks other models.
"""
