"""The whole model: its loss by hand, its rollouts, and that training it finds the graph."""

import pytest
import torch

from reprolib.data import particles
from reprolib.errors import InputError
from reprolib.models.nri import NRI, EdgeClassifier, GivenGraph, latent
from reprolib.settings.moving import EdgeClassifierModel, NRIModel

FRAMES, FEATURES, OBJECTS = 21, 4, 3
SMALL = {"width": 8, "decoder_width": 8, "restart": 5}


def batch(frames=FRAMES, scenes=6, objects=OBJECTS, seed=0):
    torch.manual_seed(seed)
    edges = torch.randint(2, (scenes, objects, objects - 1))
    return {"trajectories": torch.randn(scenes, frames, objects, FEATURES).cumsum(1) / 10, "edges": edges}


def nri(**settings):
    torch.manual_seed(0)
    return NRI(NRIModel(**(SMALL | settings)), FRAMES, FEATURES)


@pytest.mark.parametrize("settings", [{}, {"prior": 0.9}, {"hard": True}, {"temperature": 2.0}], ids=str)
def test_the_loss_is_the_negative_evidence_lower_bound(settings):
    model, scenes = nri(**settings).eval(), batch()
    prior = torch.tensor([settings.get("prior", 0.5), 1 - settings.get("prior", 0.5)])
    paths = scenes["trajectories"]
    torch.manual_seed(3)
    loss = model.loss(scenes)
    torch.manual_seed(3)
    logits = model.encoder(paths)
    types = latent.gumbel_softmax(logits, settings.get("temperature", 0.5), settings.get("hard", False))
    total = torch.zeros(())
    for start in range(0, FRAMES - 1, 5):
        state = paths[:, start]
        for step in range(1, 6):
            if start + step < FRAMES:
                state, _ = model.decoder(state, types)
                total = total + (state - paths[:, start + step]).square().sum() / (2 * 5e-5)
    q = logits.softmax(-1)
    divergence = (q * (q / prior).log()).sum()
    torch.testing.assert_close(loss, (total + divergence) / (len(paths) * OBJECTS))


@pytest.mark.parametrize("decoder", ["mlp", "recurrent"])
def test_a_call_gives_logits_and_the_frame_after_every_true_one(decoder):
    model, scenes = nri(decoder=decoder).eval(), batch(frames=FRAMES + 3)  # the encoder reads the first FRAMES
    paths = scenes["trajectories"]
    logits, predicted = model(paths)
    torch.testing.assert_close(logits, model.encoder(paths[:, :FRAMES]))
    assert torch.equal(logits.argmax(-1), model.edges(paths))
    types, memory = model.types(scenes), model.decoder.start(paths[:, 0])
    for frame in range(FRAMES + 2):
        states, memory = model.decoder(paths[:, frame], types, memory)
        torch.testing.assert_close(predicted[:, frame], states)
    assert predicted.shape == paths[:, 1:].shape
    alone = GivenGraph(model.config, FEATURES, model.decoder)
    torch.testing.assert_close(alone(paths, types), predicted)


def test_a_call_hears_nobody_who_is_absent():
    torch.manual_seed(0)
    model = NRI(NRIModel(**SMALL), FRAMES, FEATURES, masked=True).eval()
    paths, present = batch()["trajectories"], torch.rand(6, FRAMES, OBJECTS) < 0.7
    logits, predicted = model(paths, present)
    torch.testing.assert_close(logits, model.logits(paths, present))
    other = torch.where(present[..., None], paths, 7.0)
    torch.testing.assert_close(model(other, present)[0], logits)
    here = present[:, :-1]
    torch.testing.assert_close(model(other, present)[1][here], predicted[here])
    assert not torch.allclose(model(other, torch.ones_like(present))[1][here], predicted[here])


def test_a_call_in_training_is_along_a_sample_and_reaches_the_encoder():
    model, scenes = nri(), batch()
    one, other = (model(scenes["trajectories"])[1] for _ in range(2))
    assert not torch.allclose(one, other)
    one.sum().backward()
    assert model.encoder.rounds.out.weight.grad.any()


def test_hooks_on_the_whole_model_act():
    model, paths = nri().eval(), batch()["trajectories"]
    logits, predicted = model(paths)
    model.register_forward_hook(lambda module, inputs, output: tuple(2 * each for each in output))
    torch.testing.assert_close(model(paths), (2 * logits, 2 * predicted))


def test_fewer_windows_estimate_the_same_reconstruction():
    scenes = batch()
    whole, part = GivenGraph(NRIModel(graph="true", **SMALL), FEATURES), None
    part = GivenGraph(NRIModel(graph="true", windows=2, **SMALL), FEATURES).train()
    part.load_state_dict(whole.state_dict())
    estimates = torch.stack([part.loss(scenes) for _ in range(200)]).detach()
    assert abs(estimates.mean() / whole.loss(scenes) - 1) < 0.1
    assert estimates.std() > 0
    torch.testing.assert_close(part.eval().loss(scenes), whole.loss(scenes))


def test_any_frame_but_the_first_may_be_predicted():
    """Only the last frame differs from what a decoder that predicts no change says."""
    scenes = batch()
    scenes["trajectories"] = scenes["trajectories"][:, :1].repeat(1, FRAMES, 1, 1)
    scenes["trajectories"][:, -1] += 1
    model = GivenGraph(NRIModel(graph="true", windows=1, **SMALL), FEATURES).train()
    with torch.no_grad():
        for parameter in model.decoder.parameters():
            parameter.zero_()
    losses = [model.loss(scenes).item() for _ in range(200)]
    assert min(losses) == 0 < max(losses)


def test_the_decoder_alone_drops_out_as_its_settings_say():
    scenes = batch()
    for always in (True, False):
        settings = {"decoder_dropout": 0.5, "dropout_in_evaluation": always}
        model = GivenGraph(NRIModel(graph="true", **settings, **SMALL), FEATURES).eval()
        assert model.loss(scenes).equal(model.loss(scenes)) is not always


def test_the_score_is_that_of_single_steps_whatever_the_training():
    scenes, scores = batch(), []
    for restart in (2, 7):
        torch.manual_seed(0)
        model = GivenGraph(NRIModel(graph="true", **(SMALL | {"restart": restart})), FEATURES)
        scores.append(model.score(scenes))
    torch.testing.assert_close(*scores)
    paths, types = scenes["trajectories"], model.types(scenes)
    steps = [model.decoder(paths[:, frame], types)[0] - paths[:, frame + 1] for frame in range(FRAMES - 1)]
    torch.testing.assert_close(scores[0], -torch.stack(steps).square().sum(-1).mean() / (2 * 5e-5))


def test_the_peaked_likelihood_waits_for_its_first_step():
    """The step is told to the model and is no part of its weights."""
    scenes, settings = batch(), {"graph": "true", **SMALL}
    plain = GivenGraph(NRIModel(**settings), FEATURES)
    later = GivenGraph(NRIModel(peak=2e-3, peak_from=2, peak_variance=0.1, **settings), FEATURES)
    later.load_state_dict(plain.state_dict())
    gaussian = plain.loss(scenes)
    for later.step in (0, 1):
        assert later.loss(scenes).equal(gaussian)
    types = torch.nn.functional.one_hot(scenes["edges"], 2).float()
    found = latent.peaked_negative_log_likelihood(*plain.predictions(scenes["trajectories"], types, 5), 2e-3, 0.1)
    for later.step in (2, 3):
        torch.testing.assert_close(later.loss(scenes), (FRAMES - 1) * found)


@pytest.mark.parametrize("decoder", ["mlp", "recurrent"])
def test_a_rollout_feeds_its_predictions_back(decoder):
    model, scenes = nri(decoder=decoder).eval(), batch()
    paths, types = scenes["trajectories"], model.types(scenes)
    predicted = model.rollout(paths[:, :9], 4, types)
    memory = model.decoder.start(paths[:, 0])
    for step in range(8):
        _, memory = model.decoder(paths[:, step], types, memory)
    state = paths[:, 8]
    for step in range(4):
        state, memory = model.decoder(state, types, memory)
        torch.testing.assert_close(predicted[:, step], state)


def test_the_recurrent_decoder_is_burnt_in_and_left_alone_at_the_end():
    model, scenes = nri(decoder="recurrent").eval(), batch()
    types = model.types(scenes)
    predicted, target = model.predictions(scenes["trajectories"], types, 5)
    assert predicted.shape == target.shape == (6, FRAMES - 1, OBJECTS, FEATURES)
    changed = scenes["trajectories"].clone()
    changed[:, FRAMES - 4 :] += 1  # frames that it must not see
    torch.testing.assert_close(model.predictions(changed, types, 5)[0], predicted)
    changed[:, FRAMES - 5] += 1  # the last one that it sees
    assert (model.predictions(changed, types, 5)[0] - predicted).abs().max() > 0.1


@pytest.mark.parametrize(("restart", "given"), [(10, 40), (1, 48), (48, 2), (49, 1), (200, 1)])
def test_the_recurrent_decoder_is_given_40_of_49_frames_as_in_the_official_code(restart, given, monkeypatch):
    """It reads them one by one, then its own predictions, up to the last frame but one."""
    model, scenes = GivenGraph(NRIModel(decoder="recurrent", graph="true", **SMALL), FEATURES), batch(frames=49)
    scenes["trajectories"] = torch.arange(49.0)[None, :, None, None].expand(6, -1, OBJECTS, FEATURES)
    read = []
    monkeypatch.setattr(model.decoder, "forward", lambda states, *_: read.append(states) or (states - 1000, None))
    predicted, target = model.predictions(scenes["trajectories"], model.types(scenes), restart)
    assert predicted.shape == target.shape == (6, 48, OBJECTS, FEATURES)
    assert [states[0, 0, 0].item() for states in read if states[0, 0, 0] >= 0] == list(range(given))
    assert len(read) == 48


def test_the_graph_can_be_inferred_anew_at_every_step():
    model, scenes = nri(reinfer=True).eval(), batch(frames=FRAMES + 3)
    paths = scenes["trajectories"]
    predicted = model.predict(paths, 3, scenes)
    seen = paths
    for step in range(3):
        types = latent.one_hot(model.encoder(seen[:, -FRAMES:]), 2)
        seen = torch.cat([seen, model.rollout(seen, 1, types)], 1)
        torch.testing.assert_close(predicted[:, step], seen[:, -1])


def test_a_recurrent_decoder_keeps_its_memory_while_the_graph_is_inferred_anew():
    model, scenes = nri(decoder="recurrent").eval(), batch(frames=FRAMES)
    paths, types = scenes["trajectories"], model.types(scenes)
    first = model.rollout(paths, 3, types)
    torch.testing.assert_close(model.reinferred(paths, 1), first[:, :1])
    with torch.no_grad():
        model.encoder.rounds.out.bias += torch.tensor([0.0, 100.0])  # one graph, whatever is seen
    same = model.rollout(paths, 3, model.types(scenes))
    torch.testing.assert_close(model.reinferred(paths, 3), same)
    torch.testing.assert_close(model.reinferred(paths, 3, true=paths[:, :3]), same)


def test_the_graph_may_be_inferred_from_what_truly_came():
    model, scenes = nri(decoder="recurrent").eval(), batch(frames=FRAMES + 3)
    given, true = scenes["trajectories"].split([FRAMES, 3], 1)
    read = []
    model.encoder.register_forward_hook(lambda _, seen, __: read.append(seen[0]))
    told, alone = model.reinferred(given, 3, true), model.reinferred(given, 3)
    torch.testing.assert_close(read[2], scenes["trajectories"][:, 2 : 2 + FRAMES])
    torch.testing.assert_close(read[5], torch.cat([given[:, 2:], alone[:, :2]], 1))
    torch.testing.assert_close(told[:, 0], alone[:, 0])


def test_evaluation_may_draw_the_graph_from_the_encoders_distribution():
    scenes = batch(scenes=2)
    likely, drawing = nri().eval(), nri(sampled=True).eval()
    share = likely.encoder(scenes["trajectories"]).softmax(-1)
    assert torch.equal(likely.types(scenes), latent.one_hot(share, 2))
    drawn = torch.stack([drawing.types(scenes) for _ in range(2_000)]).detach()  # [draws, B, N, N - 1, K]
    assert set(drawn.flatten().tolist()) == {0.0, 1.0}
    torch.testing.assert_close(drawn.mean(0), share, rtol=0, atol=0.05)
    assert torch.equal(drawing.edges(scenes["trajectories"]), likely.edges(scenes["trajectories"])), (
        "as the official code"
    )


def test_a_full_graph_ignores_the_edges_and_a_true_one_does_not():
    scenes = batch()
    flipped = scenes | {"edges": 1 - scenes["edges"]}
    for graph, same in (("full", True), ("true", False)):
        torch.manual_seed(0)
        model = GivenGraph(NRIModel(graph=graph, **SMALL), FEATURES)
        assert torch.equal(model.loss(scenes), model.loss(flipped)) is same


def test_the_score_prefers_the_better_prediction():
    model, scenes = nri().eval(), batch()
    still = scenes | {"trajectories": scenes["trajectories"][:, :1].expand(-1, FRAMES, -1, -1)}
    with torch.no_grad():
        for parameter in model.decoder.parameters():
            parameter.zero_()  # predicts no change
    assert model.score(still) == 0
    assert model.score(scenes) < 0


def springs(scenes, frames=29):
    """Scenes of three objects, so strongly coupled in time that a tiny model can find the springs."""
    positions, velocities, couplings = particles.draw("springs", scenes, OBJECTS, _generator())
    seen = particles.simulate("springs", positions, velocities, couplings, steps=(frames + 1) * 100)
    off_diagonal = ~torch.eye(OBJECTS, dtype=torch.bool)
    edges = torch.from_numpy(couplings)[:, off_diagonal].view(scenes, OBJECTS, OBJECTS - 1).long()
    return {"trajectories": torch.cat([torch.from_numpy(part) for part in seen], -1).float(), "edges": edges}


def _generator():
    import numpy

    return numpy.random.default_rng(0)


@pytest.mark.parametrize("encoder", ["mlp", "cnn"])
def test_the_supervised_encoder_overfits_a_few_scenes(encoder):
    scenes = springs(32)
    torch.manual_seed(0)
    model = EdgeClassifier(EdgeClassifierModel(encoder, width=32, dropout=0.0), 29, FEATURES)
    optimiser = torch.optim.Adam(model.parameters(), 5e-3)
    for _ in range(150):
        optimiser.zero_grad()
        model.loss(scenes).backward()
        optimiser.step()
    assert (model.edges(scenes["trajectories"]) == scenes["edges"]).float().mean() == 1.0


def test_the_decoder_learns_springs_with_the_true_graph_better_than_with_all_edges():
    scenes, errors = springs(64), {}
    for graph in ("true", "full"):
        torch.manual_seed(0)
        model = GivenGraph(NRIModel(graph=graph, decoder_width=32), FEATURES)
        optimiser = torch.optim.Adam(model.parameters(), 5e-3)
        for _ in range(200):
            optimiser.zero_grad()
            model.loss(scenes).backward()
            optimiser.step()
        errors[graph] = model.loss(scenes).item()
    assert errors["true"] < errors["full"] / 2


@pytest.mark.parametrize("windows", [None, 2])
def test_a_scene_shorter_than_a_prediction_is_predicted_to_its_end(windows):
    """From its first frame on, whether as many steps as it has were asked for or more."""
    scenes, losses = batch(), []
    for restart in (FRAMES - 1, FRAMES, 3 * FRAMES):
        model = GivenGraph(NRIModel(graph="true", **(SMALL | {"restart": restart, "windows": windows})), FEATURES)
        torch.manual_seed(0)
        for weights in model.parameters():
            torch.nn.init.normal_(weights, std=0.1)
        losses.append(model.loss(scenes).item())
    assert losses[0] == losses[1] == losses[2]


@pytest.mark.parametrize("shape", [(6, OBJECTS, OBJECTS), (6, OBJECTS - 1, OBJECTS - 1), (6, OBJECTS)])
@pytest.mark.parametrize("graph", ["true", "full"])
def test_edges_of_another_shape_are_refused(graph, shape):
    model = GivenGraph(NRIModel(graph=graph, **SMALL), FEATURES)
    with pytest.raises(InputError, match=r"edges has the shape .* give \[any, 3, 2\]"):
        model.loss(batch() | {"edges": torch.zeros(shape, dtype=torch.long)})


def test_one_object_alone_is_refused():
    with pytest.raises(InputError, match="a scene has 1 objects: give at least 2"):
        nri().loss(batch(objects=1))


@pytest.mark.parametrize(
    "settings",
    [
        {"encoder": "rnn"},
        {"graph": "none"},
        {"temperature": 0.0},
        {"types": 1},
        {"windows": 0},
        {"width": 0},
        {"peak": 0.0},
        {"peak_from": -1},
    ],
)
def test_settings_that_give_no_model_are_named(settings):
    with pytest.raises(InputError, match=f"model.{next(iter(settings))}"):
        NRIModel(**settings)


def test_an_encoder_may_read_the_first_frames_alone_while_the_decoder_learns_from_all():
    torch.manual_seed(0)
    model = NRI(NRIModel(width=8, decoder_width=8, read=4), frames=12, features=4).eval()
    paths = torch.randn(3, 12, 5, 4)
    later = paths.clone()
    later[:, 4:] += 1
    assert torch.equal(model.edges(paths), model.edges(later))
    assert torch.equal(*(model.types({"trajectories": each}) for each in (paths, later)))
    losses = []
    for each in (paths, later):
        torch.manual_seed(0)
        losses.append(model.loss({"trajectories": each}).item())
    assert losses[0] != losses[1]
    with pytest.raises(InputError, match=r"model\.read is 13: give at most 12"):
        NRI(NRIModel(read=13), frames=12, features=4)
    with pytest.raises(InputError, match="needs 14 frames or more, not 10"):
        NRI(NRIModel(read=10, encoder="cnn"), frames=49, features=4)
