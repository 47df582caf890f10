"""A module without the object that its entry point names."""
