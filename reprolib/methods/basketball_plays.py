"""Models of basketball plays: how they are built, trained and measured (Kipf et al. 2018, section 5.2 and Fig. 6).

The first 17 frames of a play are read, the last 8 are predicted. Training sees the same: the encoder reads 17 frames,
and the likelihood is that of all 25, the last 8 predicted from the models' own predictions.

M plays, T frames, N = 5 objects in the order of `play_windows.ROLES`, D features.
"""

import torch
from torch import Tensor, nn

from reprolib.contracts.configuration import Config
from reprolib.data.basketball.basketball_tensors import UNKNOWN
from reprolib.data.basketball.play_windows import ROLES
from reprolib.data.simulations import senders
from reprolib.data.split import Dataset, Split
from reprolib.errors import InputError
from reprolib.evidence.metrics import Figure, accuracy, average, best_naming, edge_accuracy, errors_by_step
from reprolib.methods.trajectories import AT_ONCE, learner
from reprolib.models.nri import NRI, GivenGraph
from reprolib.models.without_graph import Static, TrajectoryLSTM
from reprolib.settings.data_sets import PLAY_FRAMES, PLAY_READ
from reprolib.settings.moving import NRIModel, StaticModel

__all__ = ["build", "evaluate", "learner", "predicted", "read", "share_name"]

HORIZON = PLAY_FRAMES - PLAY_READ
KEY_OBJECTS = (ROLES.index("ball"), ROLES.index("handler"))  # whose edges the paper says stand apart from the others


def build(config: Config, data: Dataset) -> nn.Module:
    """The model of a row.

    Raises:
        InputError: a decoder or a graph that there is not for players.
    """
    model, features = config.model, data.facts["features"]
    if isinstance(model, StaticModel):
        return Static()
    if not isinstance(model, NRIModel):
        return TrajectoryLSTM(model, features, len(ROLES))
    if model.decoder == "simulator":
        raise InputError("model.decoder is simulator: nobody can simulate players, choose mlp or recurrent")
    if model.graph == "true" and data.kind == "real":
        raise InputError("model.graph is true: nobody knows the graph of a real play, choose inferred or full")
    return NRI(model, PLAY_READ, features) if model.graph == "inferred" else GivenGraph(model, features)


@torch.no_grad()
def evaluate(model: nn.Module, split: Split) -> dict[str, float]:
    """Errors at each predicted step and their mean, which with its sign turned is what validation picks by; of an NRI
    which edges act, by roles, and how many are right where that is known.
    """
    batches = list(split.batches(AT_ONCE))
    errors = torch.cat([_errors(model, batch) for batch in batches])  # [M, HORIZON]
    found = {f"mse/step_{step}": average(of_plays) for step, of_plays in enumerate(errors.unbind(1), 1)}
    found["mse/curve"] = average(errors.mean(1))
    if hasattr(model, "edges"):
        types = torch.cat([model.edges(read(batch)["trajectories"]) for batch in batches])
        found |= shares(types != 0)
        if (split.columns["edges"] != UNKNOWN).all():
            naming = best_naming(types, split.columns["edges"], model.config.types)
            found["accuracy/edges"] = edge_accuracy(types, split.columns["edges"], naming)
    return found | {"score": -float(found["mse/curve"])}


def predicted(model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
    """The frames after those that are read, [M, HORIZON, N, D]."""
    seen = read(batch)
    frames = seen["trajectories"]
    given = isinstance(model, GivenGraph)
    return model.predict(frames, HORIZON, seen) if given else model.rollout(frames, HORIZON)


def read(batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """The batch with the frames that a model may see."""
    return {"trajectories": batch["trajectories"][:, :PLAY_READ], "edges": batch["edges"]}


def shares(acting: Tensor) -> dict[str, Figure]:
    """Percent of plays in which an edge acts, for each sender and receiver, and over two groups of edges.

    Args:
        acting: bool [M, N, N - 1], receiver-major.

    Returns:
        share/SENDER_to_RECEIVER for all pairs; share/ball_or_handler over the edges at one of these two, and
        share/others over those among the other three.
    """
    ends = [(sender, receiver) for receiver, row in enumerate(senders(len(ROLES))) for sender in row]
    columns = acting.flatten(1)  # [M, N (N - 1)], in the order of ends
    found = {share_name(*pair): accuracy(column) for pair, column in zip(ends, columns.unbind(1), strict=True)}
    key = torch.tensor([bool({*pair} & {*KEY_OBJECTS}) for pair in ends], device=acting.device)
    for name, chosen in (("ball_or_handler", key), ("others", ~key)):
        found[f"share/{name}"] = average(100.0 * columns[:, chosen].double().mean(1))
    return found


def share_name(sender: int, receiver: int) -> str:
    """The metric of one directed edge."""
    return f"share/{ROLES[sender]}_to_{ROLES[receiver]}"


def _errors(model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
    """Mean squared error of every play at every predicted step: [B, HORIZON]."""
    return errors_by_step(predicted(model, batch), batch["trajectories"][:, PLAY_READ:])
