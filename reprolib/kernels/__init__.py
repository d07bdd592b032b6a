"""Fused operations, each beside the plain definition it must equal."""
