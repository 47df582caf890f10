"""How well a model does its task, row by row, whatever runs it; and the whole of what can be measured of a model."""
