"""The reference of neural relational inference against loops over edges, and ours against it. Nothing is timed."""

import math
import os
from dataclasses import replace
from itertools import permutations

import pytest
import torch
from torch.distributions import Categorical, Normal, kl_divergence

from reprolib import bench
from reprolib.bench import nri
from reprolib.bench.measure import differences
from reprolib.settings.moving import NRIModel

CPU = torch.device("cpu")
B, T, N, D, K, H, RESTART = 3, 9, 4, 4, 3, 8, 4  # scenes, frames, objects, features, edge types, message, steps
TINY = NRIModel(
    width=H + 2, decoder_width=H, types=K, restart=RESTART, variance=0.5
)  # a variance that lets the divergence count
EXACT = {"rtol": 1e-10, "atol": 1e-10}


def edges(count):
    """(receiver, sender) of every edge, in the order of the reference."""
    return sorted(permutations(range(count), 2))


def tiny(ours="fp32", reference="fp32", **changes):
    return nri.Case(ours, reference, replace(TINY, **changes), objects=N, frames=T, batch=B)


@pytest.fixture
def reference():
    """The reference in double precision, in evaluation: batch norm is then a function of one row."""
    torch.manual_seed(0)
    model = nri.OfficialStructure(TINY, T, D, N).double().eval()
    for name, values in model.named_buffers():
        if "running" in name:
            values.uniform_(0.5, 1.5)
    return model


@pytest.fixture
def trajectories():
    torch.manual_seed(1)
    return torch.randn(B, T, N, D, dtype=torch.double)


@pytest.fixture
def types():
    torch.manual_seed(2)
    return torch.rand(B, len(edges(N)), K, dtype=torch.double)


def one_step(model, state, types):
    """The decoder on one scene, edge by edge: [N, D], [E, K] -> [N, D]."""
    received = torch.zeros(N, H, dtype=torch.double)
    for (receiver, sender), weights in zip(edges(N), types, strict=True):
        for kind in range(1, K):
            ends = torch.cat([state[sender], state[receiver]])
            message = model.msg_fc2[kind - 1](model.msg_fc1[kind - 1](ends).relu()).relu()
            received[receiver] += weights[kind] * message
    hidden = model.out_fc2(model.out_fc1(torch.cat([state, received], -1)).relu()).relu()
    return state + model.out_fc3(hidden)


def test_a_decoder_step_is_the_loop_over_edges(reference, trajectories, types):
    starts = trajectories[:, :2]  # [B, S, N, D]
    got = reference.step(starts, types[:, None].expand(-1, 2, -1, -1))
    for scene in range(B):
        for start in range(2):
            expected = one_step(reference, starts[scene, start], types[scene])
            torch.testing.assert_close(got[scene, start], expected, **EXACT)


def test_the_first_type_carries_nothing(reference, trajectories, types):
    louder = types.clone()
    louder[..., 0] += 5
    starts = trajectories[:, :1]
    assert torch.equal(reference.step(starts, types[:, None]), reference.step(starts, louder[:, None]))


def test_predictions_restart_from_the_truth_and_stand_in_order(reference, trajectories, types):
    got = reference.decode(trajectories, types)
    assert got.shape == (B, T - 1, N, D)
    for scene in range(B):
        for frame in range(T - 1):
            last = got[scene, frame - 1] if frame % RESTART else trajectories[scene, frame]
            torch.testing.assert_close(got[scene, frame], one_step(reference, last, types[scene]), **EXACT)


def test_the_encoder_is_the_loop_over_edges(reference, trajectories):
    def apply(layers, values):
        return layers(values[None, None])[0, 0]

    logits = reference.encode(trajectories)
    for scene, frames in enumerate(trajectories):
        nodes = [apply(reference.mlp1, frames[:, i].flatten()) for i in range(N)]  # frame after frame
        first = {(i, j): apply(reference.mlp2, torch.cat([nodes[j], nodes[i]])) for i, j in edges(N)}
        nodes = [apply(reference.mlp3, sum(first[i, j] for j in range(N) if j != i) / N) for i in range(N)]
        for place, (i, j) in enumerate(edges(N)):
            last = apply(reference.mlp4, torch.cat([nodes[j], nodes[i], first[i, j]]))
            torch.testing.assert_close(logits[scene, place], reference.fc_out(last), **EXACT)


def test_the_loss_is_that_of_the_distributions():
    torch.manual_seed(3)
    model, trajectories = nri.OfficialStructure(TINY, T, D, N).eval(), torch.randn(B, T, N, D)
    logits, noise = model.encode(trajectories), torch.empty(B, len(edges(N)), K)
    torch.manual_seed(4)
    noise.exponential_().log_().neg_()
    predicted = model.decode(trajectories, ((logits + noise) / TINY.temperature).softmax(-1))
    spread = math.sqrt(TINY.variance)
    likelihood = Normal(predicted, spread).log_prob(trajectories[:, 1:]) - Normal(0, spread).log_prob(torch.tensor(0.0))
    divergence = kl_divergence(Categorical(logits=logits), Categorical(logits=torch.zeros(K)))
    torch.manual_seed(4)
    torch.testing.assert_close(
        model.loss({"trajectories": trajectories}), (divergence.sum() - likelihood.sum()) / (B * N)
    )


@pytest.mark.parametrize("changes", [{}, {"types": 2}, {"variance": 5e-5}, {"restart": 1}], ids=str)
def test_ours_and_the_reference_agree(changes):
    ours, reference, batch = nri.build(tiny(**changes), CPU)
    loss, *gradients = differences(ours.gradients(batch), reference.gradients(batch))
    assert loss < 1e-6
    assert max(gradients) < 2e-4


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_ours_in_half_precision_agrees_with_the_reference(precision):
    ours, reference, batch = nri.build(tiny("bf16", precision), CPU)
    loss, *gradients = differences(ours.gradients(batch), reference.gradients(batch))
    assert 1e-7 < loss < 0.01
    assert max(gradients) < 0.2


def test_both_sides_start_from_the_same_weights_but_train_their_own():
    ours, reference, batch = nri.build(tiny(), CPU)
    weights = nri.official(ours.model.state_dict())
    assert set(weights) == set(reference.model.state_dict())
    assert all(torch.equal(value, weights[name]) for name, value in reference.model.state_dict().items())
    before = {name: value.clone() for name, value in weights.items()}
    ours.step(batch)
    moved = nri.official(ours.model.state_dict())
    assert not any(torch.equal(moved[name], before[name]) for name, _ in reference.model.named_parameters())
    assert all(torch.equal(value, before[name]) for name, value in reference.model.named_parameters())


def test_both_sides_train_alike():
    ours, reference, batch = nri.build(tiny(), CPU)
    for seed in range(5):
        for side in (ours, reference):
            torch.manual_seed(seed)
            side.step(batch)
    after = [side.gradients(batch)[0] for side in (ours, reference)]
    assert after[0] < nri.build(tiny(), CPU)[0].gradients(batch)[0]
    torch.testing.assert_close(*after, rtol=1e-3, atol=0)


def test_cases_are_springs_with_the_official_sizes():
    assert {(case.objects, case.frames, case.batch) for case in nri.CASES} == {(5, 49, 128)}
    assert {
        (case.model.width, case.model.decoder_width, case.model.restart, case.model.types) for case in nri.CASES
    } == {(256, 256, 10, 2)}
    assert {(case.ours, case.reference) for case in nri.CASES} == {("fp32", "fp32"), ("bf16", "bf16"), ("bf16", "fp32")}


def test_made_up_scenes_move_as_their_velocities_say():
    frames = nri.straight_lines(6, 49, 5)
    assert frames.shape == (6, 49, 5, 4)
    assert frames.abs().max() <= 1
    torch.testing.assert_close(frames[:, 1:, :, :2] - frames[:, :-1, :, :2], frames[:, 1:, :, 2:] / 24)


def test_a_reference_that_computes_something_else_is_not_timed(monkeypatch):
    monkeypatch.setattr(
        nri.OfficialStructure,
        "node2edge",
        lambda self, nodes: torch.cat([self.rel_rec @ nodes, self.rel_send @ nodes], -1),
    )
    with pytest.raises(RuntimeError, match="springs 4, fp32 against fp32: ours and the reference differ by"):
        nri.compare(tiny(), CPU, rounds=1)


def test_run_covers_every_case(monkeypatch):
    monkeypatch.setattr(nri, "CASES", tuple(tiny(case.ours, case.reference) for case in nri.CASES))
    ratios = list(bench.run("nri", "cpu"))
    turns = 2 if (os.cpu_count() or 1) > 1 else 1
    assert [ratio.case for ratio in ratios] == [case.title for case in nri.CASES] * turns
    assert [ratio.unit for ratio in ratios] == ["CPU ms"] * 3 + ["ms"] * 3 * (turns - 1)
    assert all(ratio.name == "nri" and ratio.ratio > 0 for ratio in ratios)


def test_capturing_is_measured_against_the_same_steps(monkeypatch):
    """On a processor, where nothing stands for the capture, both sides do the same."""
    monkeypatch.setattr(nri, "Captured", lambda step, device: step)
    monkeypatch.setattr(nri.optimisers, "allow_capture", lambda optimiser: None)
    ratio = nri.captured(tiny(), CPU, rounds=1)
    assert ratio.case == "springs 4, fp32, captured against launched one by one"
    assert ratio.peak_memory_ratio == pytest.approx(1)
    monkeypatch.setattr(nri, "Captured", lambda step, device: lambda rows: step(rows[:1]))
    with pytest.raises(RuntimeError, match="ours and the reference differ"):
        nri.captured(tiny(), CPU, rounds=1)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_run_covers_every_case_on_cuda():
    ratios = list(bench.run("nri", "cuda"))
    assert len(ratios) == len(nri.CASES) + 2
    assert all(ratio.ratio > 0 and ratio.peak_memory_ratio > 0 for ratio in ratios)
