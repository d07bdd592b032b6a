"""What models of the graph tasks are trained on, and how their answers are judged.

Labels (shortest paths, sorting): one logit for every node and edge, True above 0. Motion (masses on springs): the
velocity of every mass after one step of time, from which a rollout goes on.

Dimensions: B graphs of at most S nodes, N nodes, E edges, K processing steps, T steps of time.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from reprolib.data.mass_springs import STEP
from reprolib.data.split import Split
from reprolib.evidence.metrics import Figure, accuracy, average
from reprolib.models.graph_tasks import Answers, Batch, there

Bins = tuple[tuple[int, int], ...]  # (smallest, largest) number of nodes


def label_loss(model: nn.Module, batch: Batch) -> Tensor:
    """Cross-entropy, its mean over nodes plus its mean over edges, averaged over the processing steps."""
    answers, labels = model(batch), labels_of(batch)
    pairs = zip((answers.nodes, answers.edges), labels, strict=True)
    return sum(binary_cross_entropy_with_logits(x[..., 0], y.to(x.dtype).expand_as(x[..., 0])) for x, y in pairs)


def labels_of(batch: Batch) -> tuple[Tensor, Tensor]:
    """True labels of the nodes [N] and edges [E], in the order of `graph_of`."""
    return batch["node_labels"][there(batch)], batch["edge_labels"][batch["joined"]]


def right(answers: Answers, batch: Batch) -> dict[str, Tensor]:
    """Counts of each graph after every processing step, int64 [K, B]: "nodes", "edges" and "all" that are right.

    "all" is 1 where every node and edge of the graph is right, else 0.
    """
    of_node, of_edge = there(batch).nonzero()[:, 0], batch["joined"].nonzero()[:, 0]  # the graph: [N], [E]
    found = {}
    for name, logits, label, owner in zip(
        ("nodes", "edges"), (answers.nodes, answers.edges), labels_of(batch), (of_node, of_edge), strict=True
    ):
        hits = ((logits[..., 0] > 0) == label).long()  # [K, N or E]
        found[name] = hits.new_zeros(len(hits), len(batch["sizes"])).index_add(1, owner, hits)
    whole = batch["sizes"] + batch["joined"].sum((1, 2))  # [B]
    return found | {"all": (found["nodes"] + found["edges"] == whole).long()}


@torch.no_grad()
def judged(model: nn.Module, split: Split, steps: int | None = None, size: int = 256) -> dict[str, Tensor]:
    """`right` for all M graphs of a split, int64 [K, M], with how many nodes and edges each has, [M].

    Args:
        steps: of processing; None: as many as the model was trained with.
        size: graphs of one batch.
    """
    parts = []
    for batch in split.batches(size):
        counts = right(model(batch, steps), batch)
        parts.append(counts | {"node_count": batch["sizes"], "edge_count": batch["joined"].sum((1, 2))})
    return {name: torch.cat([part[name] for part in parts], dim=-1) for name in parts[0]}


@torch.no_grad()
def label_score(model: nn.Module, split: Split, size: int = 256) -> float:
    """Minus `label_loss`, its mean over batches: it still rises where every label is right."""
    losses = [label_loss(model, batch) for batch in split.batches(size)]
    return -float(torch.stack(losses).mean())


def label_metrics(found: dict[str, Tensor], bins: Bins = (), step: int = -1) -> dict[str, Figure]:
    """Percent of the nodes and edges that are right, and of the graphs that are right in all of them.

    "accuracy/nodes", "accuracy/edges", "accuracy/elements" (both together) and "accuracy/solved", of which the last two
    also by size: "accuracy/solved_17_20". An element's error is that of independent graphs.

    Args:
        found: as `judged` gives it.
        bins: (smallest, largest) numbers of nodes; one without graphs is left out.
        step: of processing, by default the last.
    """
    nodes, edges, solved = (found[name][step] for name in ("nodes", "edges", "all"))  # [M] each
    elements = (nodes + edges) / (found["node_count"] + found["edge_count"])
    metrics = {
        "accuracy/nodes": average(100 * nodes / found["node_count"]),
        "accuracy/edges": average(100 * edges / found["edge_count"].clamp(min=1)),
    }
    for name, part in _bins(found["node_count"], bins).items():
        metrics[f"accuracy/elements{name}"] = average(100 * elements[part])
        metrics[f"accuracy/solved{name}"] = accuracy(solved[part] == 1)
    return metrics


def solved_by_step(found: dict[str, Tensor]) -> list[Figure]:
    """Percent of the graphs that are wholly right after each of the K processing steps."""
    return [accuracy(solved == 1) for solved in found["all"]]


def motion_metrics(errors: dict[str, Tensor], sizes: Tensor, bins: Bins = ()) -> dict[str, Figure]:
    """Mean errors of rollouts, also by size: "mse/velocity", "mse/velocity_4", "mse/velocity_5_8" and so on.

    Args:
        errors: as `rollout_errors` gives them.
        sizes: [M], masses of each chain.
        bins: (smallest, largest) numbers of masses; one without chains is left out.
    """
    parts = _bins(sizes, bins)
    return {f"mse/{kind}{name}": average(errors[kind][part]) for kind in errors for name, part in parts.items()}


def motion_loss(model: nn.Module, batch: Batch) -> Tensor:
    """Squared error of the velocities after one step, in x and y together: mean over masses and processing steps."""
    errors = model(batch).nodes - batch["velocities"][there(batch)]  # [K, N, 2]
    return errors.square().sum(-1).mean()


@torch.no_grad()
def rollout(model: nn.Module, batch: Batch, steps: int) -> Tensor:
    """Positions and velocities [B, steps + 1, S, 4] as the model lets the masses move, from the batch's nodes on.

    The model gives the velocity after a step of time; the position follows from it as in `mass_springs`.
    """
    masses, nodes = there(batch), batch["nodes"]  # [B, S], [B, S, 5]
    frames = [nodes[..., :4]]
    for _ in range(steps):
        velocity = torch.zeros_like(nodes[..., :2])
        velocity[masses] = model(batch | {"nodes": nodes}).nodes[-1]
        position = nodes[..., :2] + STEP * velocity
        nodes = torch.cat([position, velocity, nodes[..., 4:]], dim=-1)
        frames.append(nodes[..., :4])
    return torch.stack(frames, dim=1)


def rollout_errors(model: nn.Module, split: Split, size: int = 256) -> dict[str, Tensor]:
    """Squared error of each chain's rollout, [M] each: mean over the predicted frames and the masses, sum of x and y.

    "position" and "velocity", the first in square metres; "still": of positions, if nothing moved.

    Args:
        split: chains with their true rollouts.
        size: chains of one batch.
    """
    parts = []
    for batch in split.batches(size):
        true, masses = batch["rollout"][:, 1:], there(batch)[:, None]  # [B, T, S, 4], [B, 1, S]
        found = rollout(model, batch, true.shape[1])[:, 1:]
        gaps = {"position": (found - true)[..., :2], "velocity": (found - true)[..., 2:]}
        gaps["still"] = batch["nodes"][:, None, :, :2] - true[..., :2]
        weights = masses / (true.shape[1] * batch["sizes"][:, None, None])  # [B, 1, S]
        parts.append({name: (gap.square().sum(-1) * weights).sum((1, 2)) for name, gap in gaps.items()})
    return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}


def _bins(sizes: Tensor, bins: Bins) -> dict[str, Tensor]:
    """Which graphs [M] belong to all, "", and to each bin that has any, such as "_4" or "_5_8"."""
    parts = {"": torch.ones_like(sizes, dtype=torch.bool)}
    for low, high in bins:
        part = (sizes >= low) & (sizes <= high)
        if part.any():
            parts[f"_{low}" if low == high else f"_{low}_{high}"] = part
    return parts
