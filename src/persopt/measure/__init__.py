"""Measuring: how large and how fast a model is."""
