"""Publishers' own files read as samples: one file per source format.

Each module has `KIND`, `OPTIONS` and `drafts(source, options, tally)`, a generator of `Draft`s, which holds one
episode or one picture at a time. Coordinates become fractions, actions `GuiAction`s; what cannot be used is counted with its
reason in the tally.
"""
