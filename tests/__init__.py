"""Tests of persopt; the folders mirror the source tree."""
