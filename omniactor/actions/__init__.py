"""Actions as text: the paper's grammar for screens, and the grammars of other models.

`gui` is the grammar that this project's model speaks, `calls` reads one function call without
running it, `dialects` has what peer models answer.
"""
