"""Data sets: where they lie, reading them, their columns and splits, and the tokenized form that trials share.

Importing these modules is light; pyarrow and datasets are loaded by the functions that need them.
"""
