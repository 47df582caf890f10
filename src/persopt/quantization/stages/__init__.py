"""The stages of a quantization: preparing the float32 checkpoint, making artifacts, choosing one, measuring it."""
