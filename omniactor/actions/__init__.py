"""Actions as text and as tokens: the paper's two forms, and the grammars of other models.

`gui` is the grammar that this project's model speaks on screens, `embodied` its action tokens for the arm;
`calls` reads one function call without running it, `dialects` has what peer models answer.
"""
