"""Compressing a model to a target: a search over trimming, pruning, training and quantizing."""
