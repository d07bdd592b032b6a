"""The whole model of modular meta-learning: its modules, a proposal that learns, and the search of an unseen scene.

M scenes, T frames, N objects, D features, K edge modules, S starting frames.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from reprolib.errors import InputError
from reprolib.models.finite_values import check_finite
from reprolib.models.modular.annealing import Bounce, best_of, course, random_structures
from reprolib.models.modular.modules import ModularNetwork
from reprolib.models.modular.proposals import Propose, from_probabilities, from_scores, into_a_node, one_edge
from reprolib.models.modular.receivers import best_structures, over_frames
from reprolib.models.modular.sender_blocks import Sweeps, descended
from reprolib.models.nri import MLPEncoder
from reprolib.models.precision import at_least_single
from reprolib.settings.searching import ModularModel

AT_ONCE = 250  # scenes searched at once


class ModularMetaLearning(nn.Module):
    """Modules that all scenes share, and what finds the structure of each.

    Args:
        frames: T, which an encoder of the learned proposal reads; None: there is none, as all assignments are compared.
        apart: the modules that predict are others than those that a search compares graphs by.

    Examples:
        Modules, trained along the graphs that explain the motion best. `infer(paths, method="modular")` does more: it
        trains them to the end, and says how far the graphs can be trusted.

        >>> import torch
        >>> from reprolib import ModularMetaLearning, ModularModel, fit, simulate
        >>> _ = torch.manual_seed(0)
        >>> paths = torch.from_numpy(simulate("springs", 40, objects=3, frames=20).trajectories)  # [M, T, N, D]
        >>> model = ModularMetaLearning(ModularModel(width=16), features=4)
        >>> def loss(model, batch):
        ...     return model.misfit(batch["paths"], model.edges(batch["paths"])).mean()
        >>> trained = fit(model, loss, {"paths": paths}, steps=20)
        >>> model.edges(paths).shape  # scenes, receivers, senders
        torch.Size([40, 3, 2])
    """

    def __init__(self, config: ModularModel, features: int, frames: int | None = None, apart: bool = False) -> None:
        super().__init__()
        self.config = config
        sizes = features, config.width, config.modules, config.first_is_none
        self.network = ModularNetwork(*sizes)
        self.predictor = ModularNetwork(*sizes) if apart else None
        self.encoder: nn.Module | None = None
        if frames is not None and config.proposal == "learned":
            self.encoder = MLPEncoder(
                frames, features, config.encoder_width, config.modules, config.encoder_dropout, "n"
            )
        self.register_load_state_dict_post_hook(_modules_suffice)

    def edges(self, trajectories: Tensor) -> Tensor:
        """The best structure of every scene among all there are, or with `block` the best that sweeps over blocks of
        senders find: [M, T, N, D] -> [M, N, N - 1].

        >>> from reprolib.models.modular import ModularMetaLearning
        >>> from reprolib.settings.searching import ModularModel
        >>> _ = torch.manual_seed(0)
        >>> model = ModularMetaLearning(ModularModel(width=16, least_error=1e-12), features=4)
        >>> graphs = torch.randint(2, (3, 5, 4))  # of three scenes with five objects: a module for every edge
        >>> places = torch.randn(3, 5, 4)  # and velocities
        >>> motion = model.network.rollout(places, graphs, steps=10).detach()
        >>> motion.shape
        torch.Size([3, 10, 5, 4])
        >>> bool((model.edges(motion) == graphs).all())
        True
        """
        check_finite(trajectories, "trajectories", objects=2)
        config = self.config
        if config.block is None:
            return best_structures(self.network, trajectories, config.least_error, config.symmetric)
        sweeps = Sweeps(config.block, config.sweeps, config.starts)
        return descended(self.network, trajectories, config.least_error, sweeps, torch.Generator().manual_seed(0))

    @property
    def predicting(self) -> ModularNetwork:
        """The modules that predict."""
        return self.predictor or self.network

    def errors(self, trajectories: Tensor, structures: Tensor, by: ModularNetwork | None = None) -> Tensor:
        """Mean squared error of every scene, predicted by `restart` steps from true frames: [M].

        Args:
            by: the modules; None: those that a search compares graphs by.

        Raises:
            InputError: the scenes are shorter than such a prediction.
        """
        frames, restart = trajectories.shape[1], self.config.restart
        if frames <= restart:
            raise InputError(f"scenes of {frames} frames have no {restart} to predict: lower model.restart")
        starts = trajectories[:, : frames - 1 : restart]  # [M, S, N, D]
        along = structures.repeat_interleave(starts.shape[1], 0)  # [M S, N, N - 1]
        predicted = (by or self.network).rollout(starts.flatten(0, 1), along, restart)  # [M S, restart, N, D]
        predicted = predicted.unflatten(0, starts.shape[:2]).flatten(1, 2)[:, : frames - 1]  # [M, T - 1, N, D]
        return (at_least_single(predicted) - trajectories[:, 1:]).square().mean((1, 2, 3))

    def misfit(self, trajectories: Tensor, structures: Tensor) -> Tensor:
        """Mean over frames and receivers of log(error + floor) one step from truth, scene by scene: [M]."""
        now, after = trajectories[:, :-1], trajectories[:, 1:]  # [M, T', N, D]
        along = structures.repeat_interleave(now.shape[1], 0)
        predicted = self.network(now.flatten(0, 1), along).view_as(after)
        return ((at_least_single(predicted) - after).square().mean(-1) + self.config.least_error).log().mean((1, 2))

    def proposal(self, trajectories: Tensor, logits: Tensor | None = None) -> Propose:
        """What is tried next in scenes [M, T, N, D]; `logits` [M, N, N - 1, K] are the encoder's, if there is one."""
        kind, modules = self.config.proposal, self.config.modules
        if kind == "exact":  # one step from truth; a scene's error is the mean of its receivers'
            return from_scores(over_frames(self.network, trajectories) / trajectories.shape[2], modules)
        if logits is not None:
            return from_probabilities(logits.detach().softmax(-1))
        return one_edge(modules) if kind == "uniform" else into_a_node(modules)

    @torch.no_grad()
    def searched(self, trajectories: Tensor, generator: torch.Generator) -> Tensor:
        """Structures that `search` proposals a scene find: [M, T, N, D] -> [M, N, N - 1]."""
        return torch.cat([best_of(self.course(some, generator)) for some in trajectories.split(AT_ONCE)])

    def course(self, trajectories: Tensor, generator: torch.Generator) -> Iterator[Bounce]:
        """The search of scenes [M, T, N, D] from random structures on, proposal by proposal; read it without gradients.

        Raises:
            InputError: errors that are not finite.
        """
        check_finite(trajectories, "trajectories", objects=2)
        scenes, objects = trajectories.shape[::2]
        start = random_structures(scenes, objects, self.config.modules, generator).to(trajectories.device)
        propose = self.proposal(trajectories, None if self.encoder is None else self.encoder(trajectories))
        return course(start, lambda tried: self.errors(trajectories, tried), propose, self.config.search, generator)


def _modules_suffice(model: nn.Module, keys: Any) -> None:
    """Weights without an encoder, or with an encoder or predictor that is not asked for, are those of known modules."""
    keys.missing_keys[:] = [name for name in keys.missing_keys if not name.startswith("encoder.")]
    further = ("encoder.", "predictor.")
    keys.unexpected_keys[:] = [name for name in keys.unexpected_keys if not name.startswith(further)]
