"""Artifacts of the PyTorch backend: what is stored, made and run."""
