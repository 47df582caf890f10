"""Trying models on a text: in this process, or in a warm one of its own, so that a server never loads torch."""
