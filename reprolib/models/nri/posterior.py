"""What a decoder makes of the edges as frames come in: their exact posterior under the decoder's own likelihood.

A receiver's next state depends on nothing but the states and its own incoming edges: the K^(N - 1) graphs around each
receiver are all there is to compare, for all receivers at once.

T frames, N objects, D features, K edge types, C combinations of types of a receiver's incoming edges.
"""

from itertools import pairwise

import torch
from torch import Tensor

from reprolib.errors import InputError
from reprolib.models.nri.decoders import RecurrentDecoder
from reprolib.models.nri.model import GivenGraph

MOST = 4096  # combinations


@torch.no_grad()
def edge_posterior(model: GivenGraph, trajectory: Tensor) -> Tensor:
    """p(z_ij = k | frames 0 to t) from a uniform prior, for every t: [T, N, D] -> [T, N, N - 1, K].

    Raises:
        InputError: too many objects or types to compare all combinations.
    """
    if isinstance(model.decoder, RecurrentDecoder):
        raise InputError(
            "a recurrent decoder remembers more than the last frame: the posterior needs model.decoder=mlp"
        )
    objects, types = trajectory.shape[1], model.config.types
    graphs = types ** (objects - 1)
    if graphs > MOST:
        raise InputError(f"{objects} objects with {types} edge types give {graphs} graphs, more than {MOST}")
    kinds = torch.arange(types, device=trajectory.device)
    around = torch.cartesian_prod(*[kinds] * (objects - 1)).view(-1, objects - 1)  # [C, N - 1]
    one_hot = torch.nn.functional.one_hot(around, types).float()  # [C, N - 1, K]
    gates = one_hot[:, None].expand(-1, objects, -1, -1)  # [C, N, N - 1, K]
    evidence = [torch.zeros(len(around), objects, device=trajectory.device)]
    for now, after in pairwise(trajectory):
        predicted, _ = model.decoder(now.expand(len(around), -1, -1), gates)  # [C, N, D]
        evidence.append(-(predicted - after).square().sum(-1) / (2 * model.config.variance))
    weights = torch.stack(evidence).double().cumsum(0).softmax(1)  # [T, C, N]
    return torch.einsum("tcn,cek->tnek", weights, one_hot.double()).clamp(max=1).float()
