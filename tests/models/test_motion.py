"""Motion baselines: what a prediction may depend on, that rollouts are steps by hand, that they learn."""

import itertools

import pytest
import torch

from reprolib.errors import InputError
from reprolib.models.without_graph import Static, TrajectoryLSTM
from reprolib.settings.moving import LSTMModel

B, T, N, D = 3, 13, 4, 3
BOTH_KINDS = pytest.mark.parametrize("joint", [False, True], ids=["single", "joint"])


def build(seed=0, objects=N, **changes):
    torch.manual_seed(seed)
    return TrajectoryLSTM(LSTMModel(**({"hidden": 8} | changes)), D, objects).double()


def scenes(count=B, frames=T, seed=1):
    return torch.randn(count, frames, N, D, generator=torch.Generator().manual_seed(seed), dtype=torch.double)


def by_hand(model, frames, given):
    """One object group, one frame, one LSTM cell at a time, from the weights alone."""
    weights, group = dict(model.named_parameters()), N if model.config.joint else 1
    predicted = torch.zeros(len(frames), len(given), N, D, dtype=torch.double)

    def linear(name, x):
        return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    for scene, start in itertools.product(range(len(frames)), range(0, N, group)):
        which = slice(start, start + group)
        memory = [(torch.zeros(group * 8, dtype=torch.double),) * 2 for _ in range(model.config.layers)]
        for step, known in enumerate(given):
            inputs = (frames[scene, step] if known else predicted[scene, step - 1])[which].clone()
            x = linear("embed.2", linear("embed.0", inputs).relu()).relu().flatten()
            for layer, (hidden, cell) in enumerate(memory):
                i, f, g, o = (
                    weights[f"lstm.weight_ih_l{layer}"] @ x
                    + weights[f"lstm.bias_ih_l{layer}"]
                    + weights[f"lstm.weight_hh_l{layer}"] @ hidden
                    + weights[f"lstm.bias_hh_l{layer}"]
                ).chunk(4)
                cell = f.sigmoid() * cell + i.sigmoid() * g.tanh()
                x = o.sigmoid() * cell.tanh()
                memory[layer] = x, cell
            change = linear("output.2", linear("output.0", x).relu())
            predicted[scene, step, which] = inputs + change.view(group, D)
    return predicted


@BOTH_KINDS
@torch.no_grad()
def test_predictions_are_the_steps_by_hand(joint):
    model, frames = build(joint=joint), scenes()
    for given in ([True] * 5, [True, False, False, True, True, False], [True, False, False, False]):
        assert torch.allclose(model.predictions(frames, given), by_hand(model, frames, given), atol=1e-12)


@BOTH_KINDS
@torch.no_grad()
def test_rollout_is_one_step_after_another(joint):
    model, frames = build(joint=joint), scenes()
    one_by_one = frames
    rolled = model.rollout(frames, 6)
    assert rolled.shape == (B, 6, N, D)
    for _ in range(6):
        one_by_one = torch.cat([one_by_one, model.rollout(one_by_one, 1)], 1)
    assert torch.allclose(rolled, one_by_one[:, T:], atol=1e-12)
    assert torch.allclose(rolled, by_hand(model, frames, [True] * T + [False] * 5)[:, T - 1 :], atol=1e-12)


@torch.no_grad()
def test_rollout_remembers_more_than_the_last_frame():
    model, frames = build(), scenes()
    assert not torch.allclose(model.rollout(frames, 2), model.rollout(frames[:, -1:], 2))


@BOTH_KINDS
@torch.no_grad()
def test_a_frame_reaches_only_predictions_after_it_was_read(joint):
    model, given = build(joint=joint), [True, False, False, False, False, True, False, False]
    frames = scenes(frames=8)
    plain = model.predictions(frames, given)
    for frame in range(8):
        changed = frames.clone()
        changed[:, frame] += 1
        same = [
            torch.equal(a, b) for a, b in zip(plain.unbind(1), model.predictions(changed, given).unbind(1), strict=True)
        ]
        assert same == [not given[frame] or step < frame for step in range(8)]


@BOTH_KINDS
@pytest.mark.parametrize(
    ("changes", "true"),
    [
        ({"restart": 1}, range(12)),
        ({"restart": 5}, [0, 5, 10]),
        ({"restart": 12}, [0]),
        ({"restart": 12, "burn_in": 4}, [0, 1, 2, 3]),
        ({"restart": 6, "burn_in": 3}, [0, 1, 2, 6]),
    ],
)
@torch.no_grad()
def test_the_loss_is_the_likelihood_of_predictions_restarted_from_the_truth(joint, changes, true):
    model, frames = build(joint=joint, variance=0.02, **changes), scenes()
    predicted = by_hand(model, frames, [step in true for step in range(T - 1)])
    expected = (predicted - frames[:, 1:]).square().sum() / (2 * 0.02) / (B * N)
    assert torch.allclose(model.loss({"trajectories": frames}), expected)


def test_the_score_is_the_one_step_likelihood_whatever_the_schedule():
    frames = scenes()
    one_step = build(restart=1)
    expected = -one_step.loss({"trajectories": frames}) / (T - 1)
    for changes in ({"restart": 1}, {"restart": 5}, {"burn_in": 3}):
        assert torch.allclose(build(**changes).score({"trajectories": frames}), expected)


@torch.no_grad()
def test_a_single_lstm_treats_objects_alike_and_apart():
    model, frames, order = build(), scenes(), torch.tensor([2, 0, 3, 1])
    rolled = model.rollout(frames, 4)
    assert torch.allclose(model.rollout(frames[:, :, order], 4), rolled[:, :, order], atol=1e-12)
    assert torch.allclose(model.rollout(frames[:, :, :2], 4), rolled[:, :, :2], atol=1e-12)
    assert torch.allclose(model.hidden_states(frames[:, :, order]), model.hidden_states(frames)[:, order], atol=1e-12)


@torch.no_grad()
def test_a_joint_lstm_lets_every_object_see_all_others():
    model, frames = build(joint=True), scenes()
    changed = frames.clone()
    changed[:, :, 1] += 1
    same = model.rollout(frames, 2) == model.rollout(changed, 2)
    assert not same.all(-1).any()


@torch.no_grad()
def test_scenes_do_not_mix():
    frames = scenes()
    for model in (build(), build(joint=True)):
        assert torch.allclose(model.rollout(frames[1:2], 4), model.rollout(frames, 4)[1:2], atol=1e-12)


@torch.no_grad()
def test_hidden_states_are_those_of_the_top_layer_after_the_last_frame():
    model, frames = build(layers=2), scenes()
    found = model.hidden_states(frames)
    assert found.shape == (B, N, 8)
    states = found.new_zeros(B, N, 8)
    for scene, thing in itertools.product(range(B), range(N)):
        states[scene, thing] = model.lstm(model.embed(frames[scene, :, thing]))[0][-1]
    assert torch.allclose(found, states, atol=1e-12)


@pytest.mark.parametrize(("joint", "restart"), [(False, 4), (True, 4), (True, 1)])
def test_a_tiny_batch_is_learned(joint, restart):
    time = torch.arange(T)[:, None, None] / 4
    phase = torch.rand(4, 1, N, 1, generator=torch.Generator().manual_seed(0)) * 6
    frames = torch.cat([(time + phase).sin(), (time + phase).cos(), torch.zeros(4, T, N, 1)], -1)  # [B, T, N, D]
    model = build(joint=joint, restart=restart, hidden=24).float()
    optimiser = torch.optim.Adam(model.parameters(), 1e-2)
    first = model.loss({"trajectories": frames}).item()
    for _ in range(60):
        optimiser.zero_grad()
        loss = model.loss({"trajectories": frames})
        loss.backward()
        optimiser.step()
    error, copied = (
        (rolled.rollout(frames[:, :8], 4) - frames[:, 8:12]).square().mean().item() for rolled in (model, Static())
    )
    assert loss.item() < first / 50
    assert error < copied / 10


def test_half_precision_arithmetic_predicts_full_precision_frames():
    frames = scenes().float()
    for model in (build().float(), build(joint=True).float()):
        exact = model.loss({"trajectories": frames})
        with torch.autocast("cpu", torch.bfloat16):
            loss, rolled = model.loss({"trajectories": frames}), model.rollout(frames, 3)
        loss.backward()
        assert rolled.dtype == loss.dtype == torch.float32
        assert torch.allclose(loss, exact, rtol=0.05)


@pytest.mark.parametrize(("joint", "width", "out"), [(False, 256, 4), (True, 1280, 20)])
def test_the_official_sizes(joint, width, out):
    with torch.device("meta"):
        model = TrajectoryLSTM(LSTMModel(joint=joint), 4, 5)
    embed = (4 + 1) * 256 + (256 + 1) * 256
    lstm = 2 * 4 * width * (2 * width + 2)
    assert sum(p.numel() for p in model.parameters()) == embed + lstm + (width + 1) * width + (width + 1) * out


def test_static_copies_the_last_frame():
    frames, model = scenes(), Static()
    assert list(model.parameters()) == []
    assert torch.equal(model.rollout(frames, 3), torch.stack([frames[:, -1]] * 3, 1))


@pytest.mark.parametrize("name", ["hidden", "layers", "restart", "variance"])
def test_settings_that_make_no_sense(name):
    with pytest.raises(InputError, match=f"model.{name} is 0"):
        LSTMModel(**{name: 0})


def test_trajectories_that_do_not_fit():
    frames = scenes()
    with pytest.raises(InputError, match="built for 5 objects, not 4"):
        build(objects=5, joint=True).rollout(frames, 2)
    with pytest.raises(InputError, match="built for 3 features an object, not 2"):
        build().loss({"trajectories": frames[..., :2]})
    with pytest.raises(InputError, match="one frame has nothing to predict"):
        build().loss({"trajectories": frames[:, :1]})
    with pytest.raises(InputError, match=r"set model.joint to false"):
        build(joint=True).hidden_states(frames)
    with pytest.raises(InputError, match="give it a true frame"):
        build().predictions(frames, [False, True])
