"""The Protocols that plugins fulfil, one file a plugin point."""
