"""Tuning: search the best hyperparameters of a training or a function, and keep the best model."""
