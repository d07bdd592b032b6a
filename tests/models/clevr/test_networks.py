"""The relation networks against a double loop over one scene; they learn, and depend on what they may depend on."""

from itertools import combinations, product

import pytest
import torch
from torch import nn

from reprolib.models.clevr import PixelRelationNetwork, StateRelationNetwork
from reprolib.settings.relating import PixelModel, StateModel

WORDS, ANSWERS, FEATURES = 12, 29, 13
RELATING = {"embedding": 8, "lstm": 12, "g": (24, 16), "f": (16, 20)}
SEEING = {"kernels": (4, 6, 8, 8), "augment": False}
REPLICATION = {"norm_first": True, "reverse": True, "coordinates": 4.0, "pairs": "unordered", "chunk": 60}


def pixels(**changes):
    torch.manual_seed(0)
    return PixelRelationNetwork(PixelModel(**(RELATING | SEEING | changes)), WORDS, ANSWERS)


def states(**changes):
    torch.manual_seed(0)
    return StateRelationNetwork(StateModel(**(RELATING | changes)), WORDS, ANSWERS)


MODELS = {
    "pixels": pixels,
    "pixels as replicated": lambda **changes: pixels(**(REPLICATION | changes)),
    "states": states,
    "states with batch norm": lambda **changes: states(**({"norm": True} | changes)),
    "states in chunks": lambda **changes: states(**({"chunk": 60, "reverse": True} | changes)),
}


@pytest.fixture(params=MODELS)
def build(request):
    return MODELS[request.param]


def whole(split):
    return split.batch(slice(None))


def question_read_alone(model, words):
    words = words[words > 0].long()
    words = words.flip(0) if model.reader.reverse else words
    return model.reader.lstm(model.reader.embedding(words[None]))[1][0][0, 0]


def answered_alone(model, split, number, pairs):
    """Equation 1 for one question: its scene's objects, its words, one pair after the other."""
    scene, network = split.columns["scenes"][number], model.relation_network
    if isinstance(model, PixelRelationNetwork):
        objects = model.cells(split.tables["images"][scene][None])[0]
    else:
        objects = split.tables["objects"][scene][: split.tables["counts"][scene]]
    question = question_read_alone(model, split.columns["questions"][number])
    pairs = combinations(objects, 2) if pairs == "unordered" else product(objects, repeat=2)
    return network.f(sum(network.g(torch.cat([i, j, question])[None])[0] for i, j in pairs)[None])[0]


@pytest.mark.parametrize("pairs", ["all", "unordered"])
def test_is_the_double_loop_over_one_scene(build, asked, pairs):
    model = build(pairs=pairs).eval()
    logits = model(whole(asked))
    assert logits.shape == (len(asked), ANSWERS)
    for number in (0, 4, 8, 13):
        expected = answered_alone(model, asked, number, pairs)
        torch.testing.assert_close(logits[number], expected, atol=1e-4, rtol=1e-4)


def test_a_few_questions_are_learnt_by_heart(build, asked, learnt):
    assert learnt(build(dropout=0.0), asked) == len(asked)


def test_a_question_is_answered_about_its_own_scene_and_from_its_own_words(build, asked):
    model, batch = build().eval(), whole(asked)
    logits = model(batch)
    order = torch.randperm(len(asked), generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(model(asked.batch(order)), logits[order], atol=1e-5, rtol=1e-5)
    elsewhere = model(batch | {"scenes": batch["scenes"].roll(3)})
    assert (elsewhere - logits).abs().amax(1).min() > 1e-5
    otherwise = model(batch | {"questions": batch["questions"].roll(1, 0)})
    assert (otherwise - logits).abs().amax(1).min() > 1e-5


def test_a_chunk_bounds_the_pairs_in_memory(asked):
    model, batch, rows = pixels(chunk=10), whole(asked), []
    model.relation_network.g[-1].register_forward_hook(lambda _, inputs, out: rows.append(len(out)))
    model(batch)
    assert max(rows) <= 10
    assert sum(rows) == len(asked) * 4**2


@pytest.mark.parametrize("pairs", ["all", "unordered"])
@pytest.mark.parametrize("chunk", [None, 9])
def test_absent_objects_never_matter(asked, pairs, chunk):
    model, batch = states(pairs=pairs, chunk=chunk).eval(), whole(asked)
    absent = (torch.arange(10) >= batch["counts"][:, None])[..., None]
    logits = model(batch)
    for filling in (1e30, float("nan")):
        assert model(batch | {"objects": batch["objects"].masked_fill(absent, filling)}).equal(logits)
    last = (torch.arange(10) == batch["counts"][:, None] - 1)[..., None]
    moved = model(batch | {"objects": batch["objects"].masked_fill(last, 1.0)})
    assert (moved - logits).abs().amax(1).min() > 1e-5, "the last object of a scene is not seen"
    wider = torch.cat([batch["objects"], torch.ones(6, 2, FEATURES)], dim=1)
    torch.testing.assert_close(model(batch | {"objects": wider}), logits)


def test_the_order_of_objects_does_not_matter(asked):
    model, batch = states().eval(), whole(asked)
    backwards = torch.zeros_like(batch["objects"])
    for row, (objects, count) in enumerate(zip(batch["objects"], batch["counts"], strict=True)):
        backwards[row, :count] = objects[:count].flip(0)
    torch.testing.assert_close(model(batch | {"objects": backwards}), model(batch), atol=1e-5, rtol=1e-5)


def test_a_picture_of_many_questions_is_seen_once(asked):
    model, batch, seen = pixels(), whole(asked), []
    model.cells.register_forward_hook(lambda _, inputs, cells: seen.append(inputs[0]))
    objects, _, mask = model.train().encode(batch)
    assert mask is None
    assert len(seen) == 1
    assert seen[0].equal(batch["images"][1:]), "the first picture has no question"
    once = model.cells(batch["images"][1:])
    torch.testing.assert_close(objects, once[batch["scenes"] - 1])


def test_the_same_picture_twice_gives_the_same_logits(asked):
    model, batch = pixels().eval(), whole(asked)
    twice = batch | {"images": batch["images"].repeat(2, 1, 1, 1)}
    elsewhere = twice | {"scenes": batch["scenes"] + 6 * (torch.arange(len(asked)) % 2)}
    torch.testing.assert_close(model(elsewhere), model(batch), atol=1e-5, rtol=1e-5)


def test_each_relation_is_a_term_of_the_sum(build, asked):
    model, batch = build(pairs="all").eval(), whole(asked)
    relations = model.each_relation(batch)
    summed = model.relation_network.f(relations.sum((1, 2)))
    torch.testing.assert_close(summed, model(batch), atol=1e-4, rtol=1e-4)
    objects, questions, mask = model.encode(batch)
    for number, i, j in ((0, 0, 2), (7, 2, 1)):
        pair = torch.cat([objects[number, i], objects[number, j], questions[number]])[None]
        torch.testing.assert_close(relations[number, i, j], model.relation_network.g(pair)[0], atol=1e-5, rtol=1e-5)
    if mask is not None:
        absent = ~(mask[:, :, None] & mask[:, None])
        assert absent.any()
        assert not relations[absent].any()


def test_dropout_is_in_fs_last_layer_and_off_at_test(build, asked):
    model, batch = build(dropout=0.5), whole(asked)
    kinds = [type(layer) for layer in model.relation_network.f.modules() if not list(layer.children())]
    kinds = [kind for kind in kinds if kind is not nn.BatchNorm1d]
    assert kinds == [nn.Linear, nn.ReLU, nn.Linear, nn.ReLU, nn.Dropout, nn.Linear]
    rows = torch.randn(4, 16)
    assert not model.train().relation_network.f(rows).equal(model.relation_network.f(rows))
    assert model.eval()(batch).equal(model(batch))


@pytest.mark.parametrize("share", [0.1, 0.3])
def test_as_much_drops_out_as_the_setting_says(build, share, dropped):
    torch.manual_seed(0)
    f = build(f=(1,), dropout=share, norm=False).relation_network.f
    assert dropped(f, RELATING["g"][-1]) == pytest.approx((share, share), abs=0.03)


def test_every_parameter_is_trained(build, asked):
    model, batch = build(), whole(asked)
    nn.functional.cross_entropy(model(batch), batch["answers"]).backward()
    assert [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_autocast_is_close_to_single_precision(build, asked):
    model, batch = build().eval(), whole(asked)
    with torch.autocast("cpu", torch.bfloat16):
        half = model(batch)
    torch.testing.assert_close(half.float(), model(batch), atol=0.03, rtol=0.05)


def linear(inputs, outputs):
    return inputs * outputs + outputs


def of_lstm(inputs, states):
    return 4 * (inputs * states + states * states + 2 * states)


def test_parameters_at_the_papers_sizes():
    """Four convolutions of 24, LSTM of 128, g of four layers of 256; LSTM of 256, g of four layers of 512."""
    words = 80
    with torch.device("meta"):
        seen = PixelRelationNetwork(PixelModel(), words, ANSWERS)
        told = StateRelationNetwork(StateModel(), words, ANSWERS)
    convolutions = linear(3 * 9, 24) + 3 * linear(24 * 9, 24) + 4 * 2 * 24
    g = linear(2 * 26 + 128, 256) + 3 * linear(256, 256)
    f = 2 * linear(256, 256) + linear(256, ANSWERS)
    assert count(seen) == 81 * 32 + of_lstm(32, 128) + convolutions + g + f
    g = linear(2 * FEATURES + 256, 512) + 3 * linear(512, 512)
    f = linear(512, 512) + linear(512, 1024) + linear(1024, ANSWERS)
    assert count(told) == 81 * 32 + of_lstm(32, 256) + g + f


def count(model):
    return sum(parameter.numel() for parameter in model.parameters())


def test_a_picture_of_128_pixels_has_64_objects(asked):
    model, batch = pixels().eval(), whole(asked)
    large = batch["images"].repeat_interleave(4, 1).repeat_interleave(4, 2)
    objects, _, _ = model.encode(batch | {"images": large})
    assert large.shape[1:3] == (128, 128)
    assert objects.shape == (len(asked), 64, 8 + 2)


@pytest.mark.parametrize("norm", [True, False])
def test_batch_norm_is_in_f_as_well_as_in_g(norm, looks_across):
    for model in (states(norm=norm, dropout=0.0), pixels(norm=norm, dropout=0.0)):
        assert looks_across(model.relation_network.f, RELATING["g"][-1]) is norm
