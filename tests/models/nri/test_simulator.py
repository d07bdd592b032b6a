"""The simulator as a decoder against the simulator that made the data."""

import numpy as np
import pytest
import torch

from reprolib.data import particles, simulations
from reprolib.models.nri import SimulatorDecoder


def scenes(kind, count=60):
    """Raw trajectories [M, T, N, 4] and one-hot types [M, N, N - 1, 2]."""
    drawn = simulations.simulate(kind, count, 4, 60, 3, 0)
    return torch.from_numpy(drawn.trajectories), torch.nn.functional.one_hot(torch.from_numpy(drawn.edges), 2).float()


@pytest.mark.parametrize("kind", ["springs", "charged"])
def test_a_frame_leads_to_the_next_one(kind):
    paths, types = scenes(kind)
    low, high = torch.tensor([-5.0, -5.0, -2.0, -2.0]), torch.tensor([5.0, 5.0, 2.0, 2.0])
    decoder = SimulatorDecoder(kind, low, high, 100)
    scaled = (paths - low) / (high - low) * 2 - 1
    apart = torch.cdist(paths[..., :2], paths[..., :2]) + 9 * torch.eye(4)
    calm = (apart > 0.5).flatten(2).all(-1)  # [M, T]: nothing close
    for frame in range(58):
        now = calm[:, frame] & calm[:, frame + 1]
        ours, _ = decoder(scaled[now, frame], types[now])
        torch.testing.assert_close(ours, scaled[now, frame + 1], rtol=0, atol=2e-4)


def test_walls_reflect():
    position, velocity = np.array([[[4.95, 0.0], [-4.99, 4.9]]]), np.array([[[0.9, 0.1], [-0.5, 1.5]]])
    seen = particles.simulate("springs", position, velocity, np.zeros((1, 2, 2)), steps=300)
    decoder = SimulatorDecoder("springs", -5 * torch.ones(4), 5 * torch.ones(4), 100)
    state = torch.tensor(np.concatenate([position, velocity], -1), dtype=torch.float32) / 5
    for frame in range(2):
        state, _ = decoder(state, torch.tensor([1.0, 0.0]).expand(1, 2, 1, 2))
        expected = torch.from_numpy(np.concatenate([part[:, frame] for part in seen], -1)).float() / 5
        torch.testing.assert_close(
            state, expected, rtol=0, atol=2e-3
        )  # one step of a hundred less than the first frame
    assert (state[..., 2:] * torch.from_numpy(velocity) < 0).any()


@pytest.mark.parametrize("kind", ["springs", "charged"])
def test_the_gradient_tells_the_true_types(kind):
    paths, types = scenes(kind)
    decoder = SimulatorDecoder(kind, -torch.ones(4), torch.ones(4), 100)
    open_ = torch.full_like(types, 0.5).requires_grad_()
    calm = (torch.cdist(paths[:, 10, :, :2], paths[:, 10, :, :2]) + 9 * torch.eye(4) > 0.5).flatten(1).all(1)
    ours, _ = decoder(paths[:, 10], open_)
    loss = (ours - paths[:, 11]).square()[calm].sum()
    (gradient,) = torch.autograd.grad(loss, open_)
    preferred = (-gradient[..., 1] + gradient[..., 0])[calm]
    right = ((preferred > 0) == (types[..., 1] > 0)[calm])[preferred.abs() > preferred.abs().median()]
    assert right.float().mean() > 0.7


@pytest.mark.parametrize("repelling", [False, True])
@pytest.mark.parametrize("apart", [0.02, 0.05])
def test_the_force_of_a_close_encounter_is_clipped_as_in_the_simulator(repelling, apart):
    """A single step of a tenth of a second, as the simulator takes it; the force would be 2,500 or 400."""
    position, velocity = np.array([[[0.0, 1.0], [apart, 1.0]]]), np.array([[[0.3, 0.1], [-0.2, 0.4]]])
    sign = 1.0 if repelling else -1.0
    seen = particles.simulate("charged", position, velocity, np.full((1, 2, 2), sign), steps=2, sample_every=1, dt=0.1)
    expected = torch.from_numpy(np.concatenate([part[:, 0] for part in seen], -1)).float()
    decoder = SimulatorDecoder("charged", -torch.ones(4), torch.ones(4), substeps=1)
    types = torch.tensor([0.0, 1.0] if repelling else [1.0, 0.0]).expand(1, 2, 1, 2)
    ours, _ = decoder(torch.tensor(np.concatenate([position, velocity], -1), dtype=torch.float32), types)
    torch.testing.assert_close(ours, expected, rtol=0, atol=1e-5)
    pushed = ours[0, :, 2] - torch.tensor([0.3, -0.2])
    assert pushed.tolist() == pytest.approx([-10 * sign, 10 * sign])  # a force of 100 for a tenth of a second
