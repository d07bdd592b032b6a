"""Neural relational inference (Kipf et al. 2018): infer the graph of interactions, predict the motion along it."""

from reprolib.models.nri.decoders import MLPDecoder, RecurrentDecoder
from reprolib.models.nri.edge_classifier import EdgeClassifier
from reprolib.models.nri.encoders import CNNEncoder, MLPEncoder
from reprolib.models.nri.model import NRI, GivenGraph
from reprolib.models.nri.simulator import SimulatorDecoder

__all__ = [
    "NRI",
    "CNNEncoder",
    "EdgeClassifier",
    "GivenGraph",
    "MLPDecoder",
    "MLPEncoder",
    "RecurrentDecoder",
    "SimulatorDecoder",
]
