"""Modular meta-learning (Alet et al. 2019): a few modules shared by all scenes, put together by a structure of each."""

from reprolib.models.modular.meta_learning import ModularMetaLearning
from reprolib.models.modular.modules import ModularNetwork

__all__ = ["ModularMetaLearning", "ModularNetwork"]
