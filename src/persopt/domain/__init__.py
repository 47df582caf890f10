"""The words of persopt: plain msgspec Structs and errors that every other layer shares.

Nothing here imports anything heavier than msgspec, and nothing here does input or output.
"""
