"""Models for CLEVR: relation networks on pictures and on state descriptions, and the baselines of Table 1."""

from reprolib.models.clevr.networks import PixelRelationNetwork, StateRelationNetwork
from reprolib.models.clevr.without_relations import AttentionNetwork, FlatNetwork, QuestionNetwork, SetNetwork

__all__ = [
    "AttentionNetwork",
    "FlatNetwork",
    "PixelRelationNetwork",
    "QuestionNetwork",
    "SetNetwork",
    "StateRelationNetwork",
]
