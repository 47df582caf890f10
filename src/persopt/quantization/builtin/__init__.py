"""persopt's own quantization backend, offered through the same hook as a stranger's."""
