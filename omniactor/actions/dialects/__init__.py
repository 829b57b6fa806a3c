"""What other models answer, read as actions: one file per family, each with the source its format was seen in.

`dialect` says what every one of them offers, `registry` finds one by name. A scroll has a direction in
every dialect, and they disagree on what it means: each says which of the two conventions is its own.
"""
