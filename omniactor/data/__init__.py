"""Demonstrations: made by scripted experts, stored as states, rendered afterwards.

Reading order: `plan` (what is made), `demos` (one episode in the simulator), `episodes` (its file),
`processes` and `command` (many of them), then the second pass from the stored states:
`scene` (compiled models that need only MuJoCo), `rendering`, `grounding`, `hdf5`, `lerobot`.
"""
