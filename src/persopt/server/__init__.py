"""The HTTP face: a thin Litestar app over the kernel, and what guards it.

A route decodes a spec, calls the kernel and encodes a Struct; it has no logic of its own.
"""

from __future__ import annotations
