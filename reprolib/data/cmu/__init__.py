"""Walking bodies: recorded walks in the formats of motion capture, walks of our own, and their joints as tensors."""
