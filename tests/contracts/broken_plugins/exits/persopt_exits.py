"""A plugin that ends the program while it is imported, or would if it could."""

from __future__ import annotations

import sys

sys.exit(3)
