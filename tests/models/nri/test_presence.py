"""Objects that are absent part of the time: nobody hears them, and their errors do not count."""

import pytest
import torch

from reprolib.errors import InputError
from reprolib.models.nri import NRI, GivenGraph
from reprolib.models.nri.encoders import sent
from reprolib.settings.moving import NRIModel

SCENES, FRAMES, OBJECTS, FEATURES = 3, 17, 4, 2
SMALL = {"width": 8, "decoder_width": 8, "restart": 5}
SETTINGS = [{"encoder": "cnn"}, {"encoder": "cnn", "aggregate": "n-1"}, {"encoder": "mlp", "windows": 2}]


def batch(seed=0):
    """Scenes in which everybody is present."""
    generator = torch.Generator().manual_seed(seed)
    return {
        "trajectories": torch.randn(SCENES, FRAMES, OBJECTS, FEATURES, generator=generator).cumsum(1) / 10,
        "edges": torch.randint(2, (SCENES, OBJECTS, OBJECTS - 1), generator=generator),
        "present": torch.ones(SCENES, FRAMES, OBJECTS, dtype=torch.bool),
    }


def without(scenes, gone):
    """The same scenes without one object."""
    others = torch.arange(OBJECTS) != gone
    square = torch.zeros(SCENES, OBJECTS, OBJECTS, dtype=torch.long)
    square[:, ~torch.eye(OBJECTS, dtype=torch.bool)] = scenes["edges"].flatten(1)
    left = square[:, others][:, :, others]  # [B, N - 1, N - 1]
    edges = left[:, ~torch.eye(OBJECTS - 1, dtype=torch.bool)].view(SCENES, OBJECTS - 1, OBJECTS - 2)
    return {
        "trajectories": scenes["trajectories"][:, :, others],
        "edges": edges,
        "present": scenes["present"][..., others],
    }


def absent(scenes, gone, value=7.0):
    """The same scenes in which one object is never there, and has any number in its place."""
    there = scenes["present"].clone()
    there[..., gone] = False
    return scenes | {"present": there, "trajectories": scenes["trajectories"].where(there[..., None], value)}


def seeded(function, *given):
    torch.manual_seed(5)
    return function(*given)


@pytest.mark.parametrize("windows", [None, 2])
@pytest.mark.parametrize("gone", [0, 2, 3])
def test_on_a_given_graph_an_absent_object_is_none(gone, windows):
    model = seeded(GivenGraph, NRIModel(graph="true", windows=windows, **SMALL), FEATURES)
    scenes = batch()
    padded, fewer = absent(scenes, gone), without(scenes, gone)
    for part in (model.loss, model.score):
        torch.testing.assert_close(seeded(part, padded), seeded(part, fewer))
    far, near = (model.predict(some["trajectories"][:, :3], 4, some) for some in (padded, fewer))
    torch.testing.assert_close(far[:, :, torch.arange(OBJECTS) != gone], near)


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_an_encoder_does_not_see_an_absent_object(settings, monkeypatch):
    model = seeded(lambda: NRI(NRIModel(**settings, **SMALL), FRAMES, FEATURES, masked=True)).eval()
    scenes = batch()
    padded, fewer = absent(scenes, 1), without(scenes, 1)
    logits = model.logits(padded["trajectories"], padded["present"])
    others = torch.arange(OBJECTS) != 1
    kept = logits[:, others][(sent(others[None].expand(SCENES, -1)))[:, others]].view(SCENES, OBJECTS - 1, -1, 2)
    torch.testing.assert_close(kept, model.logits(fewer["trajectories"], fewer["present"]))
    monkeypatch.setattr("reprolib.models.nri.latent.gumbel_softmax", lambda logits, *_: logits.softmax(-1))
    torch.testing.assert_close(model.loss(padded), model.loss(fewer))
    torch.testing.assert_close(model.score(padded), model.score(fewer))


def test_who_comes_and_goes_counts_while_present_since_the_start():
    scenes, restart = batch(), 5
    scenes["present"] = torch.rand(SCENES, FRAMES, OBJECTS, generator=torch.Generator().manual_seed(1)) < 0.7
    model = seeded(GivenGraph, NRIModel(graph="true", **SMALL), FEATURES)
    paths, here, types = scenes["trajectories"], scenes["present"], model.types(scenes)
    total, count = 0.0, 0
    for scene in range(SCENES):
        for start in range(0, FRAMES - 1, restart):
            state = paths[scene : scene + 1, start]
            for step in range(1, min(restart, FRAMES - 1 - start) + 1):
                heard = here[scene : scene + 1, start : start + step].all(1)
                state, _ = model.decoder(state, types[scene : scene + 1] * sent(heard)[..., None])
                for i in range(OBJECTS):
                    if here[scene, start : start + step + 1, i].all():
                        total += (state[0, i] - paths[scene, start + step, i]).square().sum() / (2 * 5e-5)
                        count += 1
    torch.testing.assert_close(model.loss(scenes), (FRAMES - 1) * total / count)
    scenes["trajectories"] = paths.where(here[..., None], -3.0)
    torch.testing.assert_close(model.loss(scenes), (FRAMES - 1) * total / count)


def test_where_all_are_present_a_mask_changes_no_bit():
    scenes = batch()
    unmasked = {name: scenes[name] for name in ("trajectories", "edges")}
    for windows in (None, 2):
        model = seeded(GivenGraph, NRIModel(graph="true", windows=windows, **SMALL), FEATURES)
        assert seeded(model.loss, scenes).equal(seeded(model.loss, unmasked))
        assert model.eval().score(scenes).equal(model.score(unmasked))
        assert model.predict(unmasked["trajectories"], 3, scenes).equal(
            model.predict(unmasked["trajectories"], 3, unmasked)
        )


def test_windows_start_where_somebody_can_be_predicted():
    scenes = batch()
    scenes["present"][:] = False
    scenes["present"][0, 6:8] = True
    model = GivenGraph(NRIModel(graph="true", windows=1, **SMALL), FEATURES).train()
    assert all(model.loss(scenes).isfinite() for _ in range(20))
    scenes["present"][0, 6:8] = False
    scenes["present"][0, -2:] = True  # later than a whole window could start
    assert all(model.loss(scenes).isfinite() for _ in range(20))


def test_who_is_present_is_told_to_models_that_ask():
    scenes = batch()
    with pytest.raises(InputError, match="only an NRI with masked=True"):
        NRI(NRIModel(**SMALL), FRAMES, FEATURES).loss(scenes)
    with pytest.raises(InputError, match="only an NRI with masked=True"):
        NRI(NRIModel(**SMALL), FRAMES, FEATURES, masked=True).edges(scenes["trajectories"])
    recurrent = GivenGraph(NRIModel(graph="true", decoder="recurrent", **SMALL), FEATURES)
    for part in (recurrent.loss, lambda batch: recurrent.predict(batch["trajectories"], 2, batch)):
        with pytest.raises(InputError, match="recurrent decoder remembers absent objects"):
            part(scenes)
