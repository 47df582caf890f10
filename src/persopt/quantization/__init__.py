"""Quantizing: fewer bits, measured."""
