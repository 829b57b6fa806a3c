"""`python -m omniactor`, the same as the `omniactor` command."""

from omniactor.cli import main

raise SystemExit(main())
