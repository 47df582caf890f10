"""Comparison: models beside one another, by speed in turn and quality on the same rows, with a verdict."""
