"""Somebody's own data: who acts on whom in trajectories, stories and scenes with questions, training on tensors."""

from reprolib.own.inference import infer
from reprolib.own.inferred_graph import Inferred

__all__ = ["Inferred", "infer"]
