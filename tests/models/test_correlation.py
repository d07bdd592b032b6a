"""Edges from correlations against NumPy, brute force and cases with a known answer."""

import numpy as np
import pytest
import torch

from reprolib.errors import InputError
from reprolib.models.correlation import CorrelationEdges, LSTMStates, best_threshold, correlation, flat_paths, paths
from reprolib.models.without_graph import TrajectoryLSTM
from reprolib.settings.moving import LSTMModel

B, T, N, D = 6, 20, 4, 3
SENDERS = [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]]


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def scenes(seed=0, count=B):
    return torch.randn(count, T, N, D, generator=rng(seed))


def graphs(seed=0, count=B):
    """Random symmetric graphs, receiver-major: [B, N, N - 1]."""
    upper = torch.randint(0, 2, (count, N, N), generator=rng(seed)).triu(1)
    matrix = upper + upper.mT
    return torch.stack([matrix[:, i, SENDERS[i]] for i in range(N)], 1)


def coupled(seed=0, count=B, side=1):
    """Two groups of objects a scene, joined within each: paths of a group are alike (side 1) or opposed (-1)."""
    group = torch.randint(0, 2, (count, N), generator=rng(seed))
    walks = torch.randn(count, T, 2, D, generator=rng(seed + 1)).cumsum(1)
    frames = walks.gather(2, group[:, None, :, None].expand(-1, T, -1, D))
    joined = group[:, :, None] == group[:, None]
    edges = torch.stack([joined[:, i, SENDERS[i]] for i in range(N)], 1).long()
    return frames, edges if side > 0 else 1 - edges


def lstm(seed=0, **changes):
    torch.manual_seed(seed)
    return TrajectoryLSTM(LSTMModel(**({"hidden": 8} | changes)), D, N)


def accuracies(values, labels):
    """Accuracy of every rule that parts the values, by brute force."""
    cuts = np.concatenate([[values.min() - 1], values])
    above = [float(((values > cut) == labels).mean()) for cut in cuts]
    return above + [1 - share for share in above]


@pytest.mark.parametrize("seed", range(30))
def test_the_threshold_is_the_best_there_is(seed):
    generator = np.random.default_rng(seed)
    size = int(generator.integers(1, 40))
    values = generator.normal(size=size) if seed % 2 else generator.integers(-2, 3, size) / 2  # every other with ties
    labels = (generator.random(size) < generator.random()).astype(int)
    value, side = best_threshold(torch.tensor(values), torch.tensor(labels))
    edges = (values > value) if side > 0 else ~(values > value)
    assert (edges == labels).mean() == pytest.approx(max(accuracies(values, labels)), abs=1e-12)


def test_the_threshold_of_separable_values_is_in_the_middle_of_the_gap():
    values, labels = torch.tensor([0.1, 0.5, 0.2, 0.9]), torch.tensor([0, 1, 0, 1])
    assert best_threshold(values, labels) == (pytest.approx(0.35), 1)
    assert best_threshold(values, 1 - labels) == (pytest.approx(0.35), -1)


def test_correlation_is_numpys():
    vectors = torch.randn(B, N, 7, generator=rng())
    expected = np.stack([np.corrcoef(scene) for scene in vectors.double().numpy()])
    assert np.allclose(correlation(vectors).numpy(), expected, atol=1e-12)


def test_perfect_correlation_of_either_sign():
    first = torch.randn(1, 9, generator=rng())
    found = correlation(torch.stack([first, 3 * first - 2, -first / 4 + 1], 1))
    assert torch.allclose(found[0], torch.tensor([[1.0, 1, -1], [1, 1, -1], [-1, -1, 1]]).double(), atol=1e-6)


def test_constants_correlate_with_nothing():
    vectors = torch.randn(1, 3, 50, generator=rng(), dtype=torch.double)
    vectors[0, 1] = 0.1  # the mean of 50 of them is not exactly 0.1
    vectors[0, 2] = 0
    found = correlation(vectors)[0]
    assert torch.equal(found, torch.diag(found.diagonal()))
    assert found.diagonal().tolist() == [pytest.approx(1), 0, 0]


def test_paths_correlate_with_the_mean_over_features():
    frames = scenes()
    each = np.stack([[np.corrcoef(scene[..., d].T) for d in range(D)] for scene in frames.double().numpy()])
    assert np.allclose(correlation(paths(frames)).numpy(), each.mean(1), atol=1e-12)


def test_a_feature_that_is_constant_gives_paths_nothing():
    frames = scenes()
    frames[..., 1] = torch.rand(B, 1, N, generator=rng(1))  # as the eigenfrequency of an oscillator
    assert torch.allclose(correlation(paths(frames)), correlation(paths(frames[..., [0, 2]])), atol=1e-12)


def test_paths_do_not_depend_on_scale_or_origin():
    frames = scenes().double()
    scale = torch.rand(B, 1, N, D, generator=rng(1), dtype=torch.double) + 0.1
    moved = scale * frames + torch.randn(B, 1, N, D, generator=rng(2), dtype=torch.double)
    assert torch.allclose(correlation(paths(moved)), correlation(paths(frames)), atol=1e-12)


def test_flat_paths_correlate_as_one_vector_of_all_features():
    frames = scenes()
    found = correlation(flat_paths(frames)).numpy()
    for scene, i, j in np.ndindex(B, N, N):
        pair = np.corrcoef(frames[scene, :, i].double().ravel(), frames[scene, :, j].double().ravel())
        assert found[scene, i, j] == pytest.approx(pair[0, 1], abs=1e-12)


def test_correlations_are_receiver_major():
    frames = scenes()
    model, matrix = CorrelationEdges(paths, frames, graphs()), correlation(paths(frames))
    found = model.correlations(frames)
    assert found.shape == (B, N, N - 1)
    for receiver, senders in enumerate(SENDERS):
        assert torch.equal(found[:, receiver], matrix[:, receiver, senders])


@pytest.mark.parametrize("side", [1, -1])
def test_groups_that_move_alike_are_found_on_scenes_not_seen_before(side):
    model = CorrelationEdges(paths, *coupled(side=side))
    threshold = model.threshold()
    assert threshold.side == side
    frames, edges = coupled(seed=10, count=40, side=side)
    found = model.edges(frames, threshold)
    assert found.dtype == torch.int64
    assert (found == edges).double().mean() > 0.97


def test_the_threshold_depends_on_the_reference_only_and_not_on_how_it_is_cut():
    frames, edges = scenes(count=7), graphs(count=7)
    whole, parts = (CorrelationEdges(paths, frames, edges, chunk=chunk).threshold() for chunk in (100, 3))
    assert parts == (pytest.approx(whole.value, abs=1e-12), whole.side)
    model = CorrelationEdges(paths, frames, edges)
    share = (model.edges(frames, whole) == edges).double().mean().item()
    values = model.correlations(frames).flatten().numpy()
    assert share == pytest.approx(max(accuracies(values, edges.flatten().numpy())))


def test_objects_in_another_order_give_the_same_graph():
    frames, order = scenes(), torch.tensor([2, 0, 3, 1])
    model = CorrelationEdges(paths, frames, graphs())

    def matrix(trajectories):
        full = torch.zeros(B, N, N, dtype=torch.long)
        edges = model.edges(trajectories, model.threshold())
        for receiver, senders in enumerate(SENDERS):
            full[:, receiver, senders] = edges[:, receiver]
        return full

    assert torch.equal(matrix(frames[:, :, order]), matrix(frames)[:, order][:, :, order])


def test_the_lstms_states_are_what_is_correlated():
    network, frames = lstm(), scenes()
    model = CorrelationEdges(LSTMStates(network), frames, graphs())
    with torch.no_grad():
        expected = np.stack([np.corrcoef(scene) for scene in network.hidden_states(frames).double().numpy()])
        found = model.correlations(frames).numpy()
    for receiver, senders in enumerate(SENDERS):
        assert np.allclose(found[:, receiver], expected[:, receiver, senders], atol=1e-9)


def test_the_lstm_is_trained_and_the_threshold_follows_it():
    network, frames = lstm(), scenes()
    model = CorrelationEdges(LSTMStates(network), frames, graphs())
    before, batch = model.threshold(), {"trajectories": frames}
    assert torch.equal(model.loss(batch), network.loss(batch))
    assert torch.equal(model.score(batch), network.score(batch))
    optimiser = torch.optim.Adam(model.parameters(), 1e-3)
    first = model.loss(batch)
    first.backward()
    optimiser.step()
    assert model.loss(batch) < first
    assert model.threshold() != before
    fresh = CorrelationEdges(LSTMStates(network), frames, graphs())
    assert model.threshold() == fresh.threshold()


def test_only_weights_are_saved():
    assert CorrelationEdges(paths, scenes(), graphs()).state_dict() == {}
    network = lstm()
    saved = CorrelationEdges(LSTMStates(network), scenes(), graphs()).state_dict()
    assert set(saved) == {f"describe.lstm.{name}" for name in network.state_dict()}


def test_input_that_does_not_fit():
    frames, edges = scenes(), graphs()
    with pytest.raises(InputError, match=r"must have shape \[M, T, N, D\], not \[20, 4, 3\]"):
        CorrelationEdges(paths, frames[0], edges)
    with pytest.raises(InputError, match=r"must have shape \[6, 4, 3\], not \[6, 3, 3\]"):
        CorrelationEdges(paths, frames, edges[:, 1:])
    with pytest.raises(InputError, match="must be 0 or 1"):
        CorrelationEdges(paths, frames, edges + 1)
    with pytest.raises(InputError, match=r"set model.joint to false"):
        CorrelationEdges(LSTMStates(lstm(joint=True)), frames, edges).threshold()
