"""Training a model in a folder on its task, for whatever changes models. Stands on the trainer of tuning."""
