"""Early stopping of trials: one file a rule, and what the controller asks."""
