"""One script a version, numbered; a script that was released never changes."""
