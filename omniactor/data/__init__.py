"""Data to learn from: demonstrations made by scripted experts, and publishers' data as samples of one format.

Reading order of the demonstrations: `plan` (what is made), `demos` (one episode in the simulator), `episodes` (its file),
`processes` and `command` (many of them), then the second pass from the stored states:
`scene` (compiled models that need only MuJoCo), `rendering`, `grounding`, `hdf5`, `lerobot`.

Of the samples: `sharegpt` (the format), `turns` (its words), `sample_files`, `conversion` (from publishers' files), `sources`,
`check`, `mixture`.
"""
