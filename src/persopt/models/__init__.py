"""Transformers checkpoints: where they lie, what they are, loading them for a task, saving them.

Importing these modules is light; torch and transformers are loaded by the functions of `loading` and
`saving`.
"""
