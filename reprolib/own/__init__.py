"""Somebody's own trajectories: who acts on whom."""

from reprolib.own.inference import infer
from reprolib.own.inferred_graph import Inferred

__all__ = ["Inferred", "infer"]
