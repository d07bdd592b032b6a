"""The encoder alone, told the true edges: what it could find at best (Kipf et al. 2018, section 5.1).

B scenes, T frames, N objects, D features, K edge types.
"""

from torch import Tensor, nn

from reprolib.data.square_views import turned_motion
from reprolib.models.nri.encoders import ENCODERS, edge_logits
from reprolib.models.nri.model import Batch
from reprolib.settings.moving import EdgeClassifierModel


class EdgeClassifier(nn.Module):
    """The supervised baseline: the encoder trained on the true edges.

    Args:
        still: what a particle that rests in the middle has [D], where training sees its scenes turned and mirrored.
    """

    def __init__(self, config: EdgeClassifierModel, frames: int, features: int, still: Tensor | None = None) -> None:
        super().__init__()
        self.register_buffer("still", still if config.views else None, persistent=False)
        self.encoder = ENCODERS[config.encoder](
            frames, features, config.width, config.types, config.dropout, config.aggregate
        )

    def forward(self, trajectories: Tensor) -> Tensor:
        """Logits of all edges: [B, T, N, D] -> [B, N, N - 1, K]."""
        return edge_logits(self.encoder, trajectories)

    def loss(self, batch: Batch) -> Tensor:
        """Cross-entropy of the types, in another view of every scene where the model is trained on them."""
        seen = batch["trajectories"]
        if self.training and self.still is not None:
            seen = turned_motion(seen, self.still)
        return nn.functional.cross_entropy(self.encoder(seen).flatten(0, 2), batch["edges"].flatten())

    def edges(self, trajectories: Tensor) -> Tensor:
        """The most likely type of every edge: [B, T, N, D] -> [B, N, N - 1]."""
        return self(trajectories).argmax(-1)
