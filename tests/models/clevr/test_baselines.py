"""The baselines: counted by hand, attended by hand, learnt by heart, and blind to what they may not see."""

import math

import pytest
import torch
from torch import nn

from reprolib.errors import InputError
from reprolib.models.clevr import AttentionNetwork, FlatNetwork, QuestionNetwork, SetNetwork, StateRelationNetwork
from reprolib.models.clevr.without_relations import Hop
from reprolib.settings.relating import AttentionModel, FlatModel, QuestionModel, SetModel, StateModel

WORDS, ANSWERS, SIDE = 12, 29, 32
READING = {"embedding": 8, "lstm": 12}
SIZES = READING | {"hidden": (24, 20)}
SUMMING = {"g": (24, 16), "f": (16, 20), "dropout": 0.0}
KERNELS = {"kernels": (4, 6, 8, 8)}
STILL = {"augment": False}


def question(**changes):
    return QuestionNetwork(QuestionModel(**(SIZES | changes)), WORDS, ANSWERS)


def flat(**changes):
    return FlatNetwork(FlatModel(**(SIZES | KERNELS | STILL | changes)), WORDS, ANSWERS, SIDE)


def attention(**changes):
    return AttentionNetwork(AttentionModel(attention=9, **(SIZES | KERNELS | STILL | changes)), WORDS, ANSWERS)


def sets(**changes):
    return SetNetwork(SetModel(**(READING | SUMMING | changes)), WORDS, ANSWERS)


@pytest.fixture(params=[question, flat, attention, sets], ids=lambda build: build.__name__)
def build(request):
    torch.manual_seed(0)
    return request.param


def whole(split):
    return split.batch(slice(None))


def test_a_few_questions_are_learnt_by_heart(build, asked, learnt):
    assert learnt(build(), asked) == len(asked)


def test_the_lstm_sees_no_picture(asked):
    torch.manual_seed(0)
    model, words = question().eval(), asked.columns["questions"]
    logits = model({"questions": words})
    assert model(whole(asked)).equal(logits)
    assert (model({"questions": words.roll(1, 0)}) - logits).abs().amax(1).min() > 1e-5


@pytest.mark.parametrize("build", [flat, attention, sets], ids=lambda build: build.__name__)
def test_a_question_is_answered_about_its_own_scene(build, asked):
    torch.manual_seed(0)
    model, batch = build().eval(), whole(asked)
    logits = model(batch)
    alone = torch.cat([model(asked.batch(torch.tensor([number]))) for number in range(len(asked))])
    torch.testing.assert_close(alone, logits, atol=1e-5, rtol=1e-5)
    for name in ("scenes", "questions"):
        other = model(batch | {name: batch[name].roll(3, 0)})
        assert (other - logits).abs().amax(1).min() > 1e-5, f"{name} does not matter"
    tables = ("images", "objects", "counts")
    twice = batch | {name: torch.cat([batch[name]] * 2) for name in tables}
    elsewhere = twice | {"scenes": batch["scenes"] + 6 * (torch.arange(len(asked)) % 2)}
    torch.testing.assert_close(model(elsewhere), logits, atol=1e-5, rtol=1e-5)


def test_padding_does_not_reach_the_answer(build, asked):
    model, batch = build().eval(), whole(asked)
    wider = torch.cat([batch["questions"], torch.zeros(len(asked), 4, dtype=torch.uint8)], dim=1)
    torch.testing.assert_close(model(batch | {"questions": wider}), model(batch))


def test_flat_is_an_mlp_on_all_cells_and_the_question(asked):
    torch.manual_seed(0)
    model, batch = flat().eval(), whole(asked)
    number = 7
    seen = model.cells(batch["images"][batch["scenes"][number]][None])[0]  # [4, 10]
    read = model.reader(batch["questions"][number][None])[0]
    together = torch.cat([*seen, read])[None]
    torch.testing.assert_close(model(batch)[number], model.mlp(together)[0], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("norm", [False, True])
def test_deep_sets_are_a_loop_over_the_objects_that_are_there(asked, norm):
    """f(sum_i g([o_i, q])), one object at a time, with the running statistics of batch norm."""
    torch.manual_seed(0)
    model, batch = sets(norm=norm), whole(asked)
    model(batch)
    logits = model.eval()(batch)
    g, f = model.block.phi_v.module, model.block.phi_u.module
    for number in (0, 4, 8, 13):
        scene = batch["scenes"][number]
        read = model.reader(batch["questions"][number][None])[0]
        objects = batch["objects"][scene][: batch["counts"][scene]]
        total = sum(g(torch.cat([one, read])[None]) for one in objects)
        torch.testing.assert_close(logits[number], f(total)[0], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("norm", [False, True])
def test_deep_sets_have_no_order_and_do_not_count_what_is_not_there(asked, norm):
    """In training too, where batch norm would see it."""
    batch = whole(asked)
    there = torch.arange(10) < batch["counts"][:, None]
    noise = batch["objects"].masked_fill(~there[..., None], float("nan"))
    turned = noise.clone()
    for row, count in enumerate(batch["counts"].tolist()):
        turned[row, :count] = noise[row, :count].flip(0)

    def logits(**changes):
        torch.manual_seed(0)
        return sets(norm=norm)(batch | changes)

    for objects in (noise, turned):
        torch.testing.assert_close(logits(objects=objects), logits(), atol=1e-5, rtol=1e-5)
    fewer = logits(counts=batch["counts"] - 1)
    assert (fewer - logits()).abs().amax(1).min() > 1e-5, "an object that is there does not matter"


def test_deep_sets_cannot_tell_which_objects_stand_together():
    """Two scenes with a third and a fourth made of their objects, exchanged: the sums of either pair are equal."""
    torch.manual_seed(0)
    model, objects = sets(), torch.randn(2, 4, 13)
    exchanged = torch.stack([torch.cat([objects[0, :2], objects[1, 2:]]), torch.cat([objects[1, :2], objects[0, 2:]])])
    model.block.phi_u.module = nn.Identity()
    sums = model(
        {
            "objects": torch.cat([objects, exchanged]),
            "counts": torch.full((4,), 4),
            "scenes": torch.arange(4),
            "questions": torch.ones(4, 3, dtype=torch.uint8),
        }
    )
    torch.testing.assert_close(sums[:2].sum(0), sums[2:].sum(0))
    assert not torch.allclose(sums[0], sums[2])


def test_batch_norm_over_a_single_question_is_refused(build, asked):
    model = build(norm=True)
    with pytest.raises(InputError, match=r"batch norm looks across questions, here 1: raise train\.batch"):
        model(asked.batch(torch.tensor([0])))
    assert model.eval()(asked.batch(torch.tensor([0]))).shape == (1, ANSWERS)


@pytest.mark.parametrize("norm", [False, True])
def test_batch_norm_is_in_every_hidden_layer_where_it_is_asked_for(build, asked, norm):
    model = build(norm=norm)
    counts = [sum(isinstance(layer, kind) for layer in model.modules()) for kind in (nn.BatchNorm1d, nn.ReLU)]
    in_cells = 4 * hasattr(model, "cells")  # ReLUs, each with a norm of two dimensions
    assert counts[0] == norm * (counts[1] - in_cells)
    assert counts[1] - in_cells == (4 if isinstance(model, SetNetwork) else 2)


def attended(hop, cells, query):
    """One hop for one question, cell by cell, in plain numbers."""
    scores = []
    for cell in cells:
        hidden = (hop.of_cell.weight @ cell + hop.of_cell.bias + hop.of_query.weight @ query).tolist()
        scores.append(sum(w * math.tanh(x) for w, x in zip(hop.score.weight[0].tolist(), hidden, strict=True)))
    shares = [math.exp(score) for score in scores]
    return query + sum(share / sum(shares) * cell for share, cell in zip(shares, cells, strict=True))


def test_a_hop_adds_the_attended_cells_to_the_query():
    torch.manual_seed(0)
    hop, cells, queries = Hop(5, 7), 3 * torch.randn(2, 6, 5), torch.randn(2, 5)
    found = hop(cells, queries)
    for row in range(2):
        torch.testing.assert_close(found[row], attended(hop, cells[row], queries[row]), atol=1e-5, rtol=1e-5)
    with torch.no_grad():
        hop.score.weight.zero_()
    torch.testing.assert_close(hop(cells, queries), queries + cells.mean(1))


@pytest.mark.parametrize("hops", [1, 2, 3])
def test_attention_hops_before_it_answers(asked, hops):
    torch.manual_seed(0)
    model, batch, number = attention(hops=hops).eval(), whole(asked), 4
    seen = model.project(model.cells(batch["images"][batch["scenes"][number]][None])[0])  # [4, 12]
    query = model.reader(batch["questions"][number][None])[0]
    assert len(model.hops) == hops
    for hop in model.hops:
        query = attended(hop, seen, query)
    torch.testing.assert_close(model(batch)[number], model.mlp(query[None])[0], atol=1e-5, rtol=1e-5)


def test_dropout_is_off_at_test(build, asked):
    model, batch = build(dropout=0.5), whole(asked)
    assert not model.train()(batch).equal(model(batch))
    assert model.eval()(batch).equal(model(batch))


@pytest.mark.parametrize("share", [0.1, 0.3])
def test_as_much_drops_out_as_the_setting_says(build, share, dropped):
    torch.manual_seed(0)
    mlp = build(f=(1,), dropout=share).block.phi_u.module if build is sets else build(hidden=(1,), dropout=share).mlp
    width = next(mlp.parameters()).shape[1]
    assert dropped(mlp, width) == pytest.approx((share, share), abs=0.03)


def test_every_parameter_is_trained(build, asked):
    model, batch = build(), whole(asked)
    nn.functional.cross_entropy(model(batch), batch["answers"]).backward()
    assert [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_autocast_is_close_to_single_precision(build, asked):
    model, batch = build().eval(), whole(asked)
    with torch.autocast("cpu", torch.bfloat16):
        half = model(batch)
    torch.testing.assert_close(half.float(), model(batch), atol=0.03, rtol=0.05)


def test_parameters_at_the_default_sizes():
    """64 cells of 24 features and their place, an LSTM of 128, two layers of 512, attention of 512 units, twice."""
    words = 80
    with torch.device("meta"):
        models = [
            QuestionNetwork(QuestionModel(), words, ANSWERS),
            FlatNetwork(FlatModel(), words, ANSWERS),
            AttentionNetwork(AttentionModel(), words, ANSWERS),
        ]
    read = 81 * 32 + 4 * (32 * 128 + 128 * 128 + 2 * 128)
    seen = (27 * 24 + 24) + 3 * (216 * 24 + 24) + 4 * 2 * 24
    answer = (512 * 512 + 512) + (512 * 29 + 29)
    attend = (26 * 128 + 128) + 2 * ((128 * 512 + 512) + 128 * 512 + 512)
    assert [sum(p.numel() for p in model.parameters()) for model in models] == [
        read + (128 * 512 + 512) + answer,
        read + seen + ((64 * 26 + 128) * 512 + 512) + answer,
        read + seen + attend + (128 * 512 + 512) + answer,
    ]


def test_deep_sets_are_as_large_as_the_relation_network_on_states():
    """They lack one object of 13 numbers before the first of the two networks' equal layers."""
    with torch.device("meta"):
        told, related = SetNetwork(SetModel(), 80, ANSWERS), StateRelationNetwork(StateModel(), 80, ANSWERS)
    of_sets, of_pairs = (sum(p.numel() for p in model.parameters()) for model in (told, related))
    assert of_pairs - of_sets == 13 * 512
    assert of_sets > 2_000_000
