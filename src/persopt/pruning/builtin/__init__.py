"""persopt's own pruning methods, offered through the same hook as a stranger's."""
