"""The steps of a pruning, a file each: trim, then cut or mask, then measure and export."""
