"""Models for CLEVR: relation networks on pictures and on state descriptions, and the baselines of Table 1."""

from reprolib.models.clevr.baselines import AttentionNetwork, FlatNetwork, QuestionNetwork, SetNetwork
from reprolib.models.clevr.networks import PixelRelationNetwork, StateRelationNetwork
from reprolib.models.clevr.settings import AttentionModel, FlatModel, PixelModel, QuestionModel, SetModel, StateModel

__all__ = [
    "AttentionModel",
    "AttentionNetwork",
    "FlatModel",
    "FlatNetwork",
    "PixelModel",
    "PixelRelationNetwork",
    "QuestionModel",
    "QuestionNetwork",
    "SetModel",
    "SetNetwork",
    "StateModel",
    "StateRelationNetwork",
]
