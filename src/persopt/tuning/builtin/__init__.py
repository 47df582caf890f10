"""Sampling strategies and metric parsers that come with persopt, offered through the same hooks as a stranger's."""
