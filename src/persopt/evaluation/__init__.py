"""Evaluating: how well whatever runs a model does its task, row by row."""
