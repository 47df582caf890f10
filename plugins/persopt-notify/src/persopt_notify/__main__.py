"""`python -m persopt_notify`."""

from __future__ import annotations

from persopt_notify.main import main

if __name__ == "__main__":
    main()
