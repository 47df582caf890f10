"""Making models smaller: fewer weights, fewer structures, fewer tokens."""
