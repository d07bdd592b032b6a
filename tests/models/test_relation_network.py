"""The relation network against a double loop over pairs and against its graph-network configuration."""

from itertools import combinations, combinations_with_replacement, product

import pytest
import torch
from torch import nn

from reprolib.bench import LiveBytes
from reprolib.errors import InputError
from reprolib.gn import fully_connected
from reprolib.gn.configurations import relation_network
from reprolib.models import relation_network as module
from reprolib.models.relation_network import RelationNetwork, check_norm, mlp

EXACT = {"rtol": 1e-10, "atol": 1e-10}
B, N, D, Q, G, OUT = 4, 5, 3, 2, 6, 3
INDEX = [(0, 3), (3, 0), (4, 4), (1, 2), (1, 2)]
PAIRS = {
    "all": list(product(range(N), repeat=2)),
    "unordered": list(combinations(range(N), 2)),
    "unordered_self": list(combinations_with_replacement(range(N), 2)),
    "index": INDEX,
}
REAL = [[0, 1, 2, 3, 4], [1, 3, 4], [2], []]  # objects of each scene, where there is a mask


class Residual(nn.Module):
    """A module that torch has no name for."""

    def __init__(self, width: int):
        super().__init__()
        self.inner = nn.Linear(width, width, bias=False)

    def forward(self, rows):
        return rows + torch.sin(self.inner(rows))


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def network(pairs="all", question=True, chunk=None, g=None, f=None):
    g = g or mlp([2 * D + Q * question, 7, 8, G])
    f = f or nn.Sequential(nn.Linear(G, 5), nn.Tanh(), nn.Linear(5, OUT))
    pairs = torch.tensor(INDEX) if pairs == "index" else pairs
    return RelationNetwork(g, f, pairs, chunk).double()


def scenes(question=True, masked=False):
    """Objects, question and mask; padded objects are as large as any."""
    objects = torch.randn(B, N, D, dtype=torch.float64, requires_grad=True)
    asked = torch.randn(B, Q, dtype=torch.float64, requires_grad=True) if question else None
    mask = torch.zeros(B, N, dtype=torch.bool)
    for scene, real in enumerate(REAL):
        mask[scene, real] = True
    return objects, asked, mask if masked else None


def looped(model, objects, question, mask, pairs):
    """Equation 1, one scene and one pair at a time."""
    totals = []
    for scene in range(len(objects)):
        total = torch.zeros(G, dtype=objects.dtype)
        for i, j in pairs:
            if mask is None or (mask[scene, i] and mask[scene, j]):
                asked = [] if question is None else [question[scene]]
                total = total + model.g(torch.cat([objects[scene, i], objects[scene, j], *asked])[None])[0]
        totals.append(total)
    return model.f(torch.stack(totals))


def gradients(output, *leaves):
    weights = torch.linspace(-1, 2, output.numel(), dtype=output.dtype).view_as(output)
    return torch.autograd.grad((output * weights).sum(), leaves)


def assert_same(ours, theirs, model, objects, question):
    torch.testing.assert_close(ours, theirs, **EXACT)
    leaves = [objects, *([] if question is None else [question]), *model.parameters()]
    for mine, other in zip(gradients(ours, *leaves), gradients(theirs, *leaves), strict=True):
        torch.testing.assert_close(mine, other, **EXACT)


@pytest.mark.parametrize("chunk", [None, 1, 7, 30, 1000])
@pytest.mark.parametrize("masked", [False, True], ids=["full", "masked"])
@pytest.mark.parametrize("question", [False, True], ids=["alone", "asked"])
@pytest.mark.parametrize("pairs", PAIRS)
def test_is_the_double_loop_in_output_and_gradients(pairs, question, masked, chunk):
    model, inputs = network(pairs, question, chunk), scenes(question, masked)
    assert_same(model(*inputs), looped(model, *inputs, PAIRS[pairs]), model, *inputs[:2])


@pytest.mark.parametrize("question", [False, True], ids=["alone", "asked"])
def test_is_the_graph_network_configuration_in_output_and_gradients(question):
    model, (objects, asked, _) = network(question=question), scenes(question)
    graph = fully_connected(objects, self_edges=True, globals_=asked)
    block = relation_network(model.g, model.f)
    assert_same(model(objects, asked), block(graph).globals_, model, objects, asked)


@pytest.mark.parametrize(
    "g",
    [
        nn.Sequential(nn.Linear(2 * D + Q, G)),
        nn.Sequential(nn.Linear(2 * D + Q, 9, bias=False), nn.GELU(), nn.LayerNorm(9), nn.Linear(9, G)),
        nn.Sequential(nn.Linear(2 * D + Q, G), nn.Sequential(nn.ELU(), Residual(G)), Residual(G)),
    ],
    ids=["one layer", "no bias, layer norm", "nested, own module"],
)
@pytest.mark.parametrize("f", [nn.Identity(), Residual(G)], ids=["no f", "own f"])
@pytest.mark.parametrize("chunk", [None, 11])
def test_g_and_f_are_any_modules(g, f, chunk):
    model, inputs = network(g=g, f=f, chunk=chunk), scenes(masked=True)
    assert_same(model(*inputs), looped(model, *inputs, PAIRS["all"]), model, *inputs[:2])


@pytest.mark.parametrize("rows", [3, 16])
@pytest.mark.parametrize("pairs", PAIRS)
def test_blocks_of_the_processor_change_nothing(monkeypatch, pairs, rows):
    monkeypatch.setattr(module, "CPU_ROWS", rows)
    model, inputs = network(pairs), scenes()
    seen = rows_seen(model)
    ours = model(*inputs)
    assert max(seen) <= rows
    assert_same(ours, looped(model, *inputs, PAIRS[pairs]), model, *inputs[:2])


@pytest.mark.parametrize("filling", [1e300, float("inf"), float("nan")])
@pytest.mark.parametrize("chunk", [None, 7])
@pytest.mark.parametrize("pairs", PAIRS)
def test_pads_never_leak(pairs, chunk, filling):
    model, (objects, question, mask) = network(pairs, chunk=chunk), scenes(masked=True)
    filled = objects.detach().masked_fill(~mask[..., None], filling).requires_grad_()
    clean, dirty = model(objects, question, mask), model(filled, question, mask)
    assert torch.equal(dirty, clean)
    expected = gradients(clean, objects, question, *model.parameters())
    found = gradients(dirty, filled, question, *model.parameters())
    assert not found[0][~mask].any()
    assert all(map(torch.equal, found, expected))


@pytest.mark.parametrize("pairs", ["all", "unordered", "unordered_self"])
def test_more_padding_changes_nothing(pairs):
    model, (objects, question, _) = network(pairs), scenes()
    longer = torch.cat([objects, torch.ones(B, 3, D, dtype=torch.float64)], dim=1)
    mask = (torch.arange(N + 3) < N).expand(B, -1)
    torch.testing.assert_close(model(longer, question, mask), model(objects, question), **EXACT)


def test_a_scene_with_no_object_is_f_of_zero_and_one_object_is_its_own_pair():
    model, inputs = network(), scenes(masked=True)
    objects, question, _ = inputs
    alone = torch.cat([objects[2, 2], objects[2, 2], question[2]])[None]
    torch.testing.assert_close(model(*inputs)[2:3], model.f(model.g(alone)), **EXACT)
    torch.testing.assert_close(model(*inputs)[3], model.f(torch.zeros(G, dtype=torch.float64)), **EXACT)
    nothing = model(objects[:, :0], question)
    torch.testing.assert_close(nothing, model.f(torch.zeros(B, G, dtype=torch.float64)), **EXACT)
    assert network("unordered")(objects[:0], question[:0]).shape == (0, OUT)


@pytest.mark.parametrize("pairs", ["all", "unordered", "unordered_self"])
def test_one_object_answers_for_itself_where_self_pairs_are_summed(pairs):
    """Scene 2 has one object: without its pair with itself the sum is zero, whatever is asked."""
    model, (objects, question, mask) = network(pairs), scenes(masked=True)
    alone = torch.cat([objects[2, 2], objects[2, 2], question[2]])[None]
    expected = torch.zeros(1, G, dtype=torch.float64) if pairs == "unordered" else model.g(alone)
    torch.testing.assert_close(model.relations(objects, question, mask)[2:3], expected, **EXACT)
    other = model.relations(objects, question + 1, mask)[2:3]
    assert torch.allclose(other, expected) == (pairs == "unordered")


@pytest.mark.parametrize("pairs", PAIRS)
def test_the_chosen_pairs_are_those_that_are_summed(pairs):
    assert [tuple(pair) for pair in network(pairs).chosen(N).tolist()] == PAIRS[pairs]


@pytest.mark.parametrize("masked", [False, True], ids=["full", "masked"])
def test_the_order_of_objects_does_not_matter_unless_pairs_have_one(masked):
    objects, question, mask = scenes(masked=masked)
    order = torch.tensor([3, 0, 4, 2, 1])
    moved = objects[:, order], question, None if mask is None else mask[:, order]
    model = network("all")
    torch.testing.assert_close(model(*moved), model(objects, question, mask), **EXACT)
    for pairs in ("unordered", "unordered_self"):
        model = network(pairs)
        assert not torch.allclose(model(*moved)[0], model(objects, question, mask)[0])


def rows_seen(model):
    """Filled with the rows of each call of g's second module; g's first layer never sees a pair."""
    seen = []
    model.g[1].register_forward_pre_hook(lambda module, inputs: seen.append(len(inputs[0])))
    return seen


@pytest.mark.parametrize("masked", [False, True], ids=["full", "masked"])
@pytest.mark.parametrize("chunk", [1, 6, 25, 60])
def test_g_never_sees_more_pairs_than_a_chunk(masked, chunk):
    model, inputs = network(chunk=chunk), scenes(masked=masked)
    seen = rows_seen(model)
    model(*inputs).sum().backward()
    assert max(seen) <= chunk
    assert sum(seen) == 2 * (sum(len(real) ** 2 for real in REAL) if masked else B * N**2)  # forward and again


def test_memory_is_bounded_by_the_chunk():
    def peak(count, chunk):
        model = network(g=mlp([2 * D + Q, 64, 64, 64, G]), chunk=chunk)
        objects, question = torch.randn(2, count, D).double(), torch.randn(2, Q).double()
        with LiveBytes() as live:
            model(objects, question).sum().backward()
        return live.peak

    assert peak(60, chunk=64) < 1.5 * peak(30, chunk=64)  # four times the pairs
    assert peak(60, chunk=64) < 0.05 * peak(60, chunk=None)


@pytest.mark.parametrize("pairs", PAIRS)
def test_batch_norm_sees_the_real_pairs_only(monkeypatch, pairs):
    monkeypatch.setattr(module, "CPU_ROWS", 4)  # blocks must not split what is normalised together
    model, (objects, question, mask) = network(pairs, g=mlp([2 * D + Q, 7, G], norm=True)), scenes(masked=True)
    twin = network(pairs, g=mlp([2 * D + Q, 7, G], norm=True))
    twin.load_state_dict(model.state_dict())
    listed = [(s, i, j) for s in range(B) for i, j in PAIRS[pairs] if mask[s, i] and mask[s, j]]
    rows = torch.stack([torch.cat([objects[s, i], objects[s, j], question[s]]) for s, i, j in listed])
    relations = twin.g(rows)
    totals = [relations[[s == scene for s, _, _ in listed]].sum(0) for scene in range(B)]
    filled = objects.detach().masked_fill(~mask[..., None], float("nan"))
    torch.testing.assert_close(model(filled, question, mask), twin.f(torch.stack(totals)), **EXACT)
    for name, value in twin.state_dict().items():
        torch.testing.assert_close(model.state_dict()[name], value, **EXACT)


@pytest.mark.parametrize("pairs", ["all", "unordered"])
def test_batch_norm_of_fewer_than_two_pairs_or_questions_is_refused(pairs):
    def refused(model, inputs, words):
        with pytest.raises(InputError, match=f"batch norm looks across {words}: raise train.batch or set model.norm"):
            model(*inputs)
        assert model.eval()(*inputs).shape == (1, OUT)

    objects, question, _ = scenes()
    few = 1 if pairs == "all" else 2
    refused(network(pairs, g=mlp([2 * D + Q, G], norm=True)), (objects[:1, :few], question[:1]), "pairs, here 1")
    refused(network(pairs, f=mlp([G, OUT], norm=True)), (objects[:1], question[:1]), "questions, here 1")


def test_chunks_of_a_batch_norm_in_training_are_refused():
    with pytest.raises(InputError, match="batch norm in g trains on all pairs at once: set chunk=None"):
        network(g=mlp([2 * D + Q, G], norm=True), chunk=8)(*scenes())


def test_workers_look_across_the_pairs_of_all(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    check_norm(nn.BatchNorm1d(G), 1, "pairs")  # does not raise


@pytest.mark.parametrize("wrap", [nn.utils.parametrizations.spectral_norm, nn.utils.parametrizations.weight_norm])
def test_parametrized_weights_are_those_of_the_double_loop(wrap):
    model, inputs = network(g=nn.Sequential(wrap(nn.Linear(2 * D + Q, G)), nn.ReLU())).eval(), scenes()
    assert_same(model(*inputs), looped(model, *inputs, PAIRS["all"]), model, *inputs[:2])


@pytest.mark.parametrize("chunk", [None, 7])
def test_batch_norm_in_use_is_a_fixed_map_of_each_pair(chunk):
    model, inputs = network(g=mlp([2 * D + Q, 7, G], norm=True)), scenes(masked=True)
    model(*inputs)
    model.eval().chunk = chunk
    assert_same(model(*inputs), looped(model, *inputs, PAIRS["all"]), model, *inputs[:2])


@pytest.mark.parametrize("chunk", [None, 40])
@pytest.mark.parametrize("masked", [False, True], ids=["full", "masked"])
def test_half_precision_is_close_to_single(masked, chunk):
    model = network(g=mlp([2 * D + Q, 64, 64, G]), chunk=chunk).float()
    objects, question, mask = scenes(masked=masked)
    inputs = [objects.detach().float().requires_grad_(), question.detach().float().requires_grad_(), mask]
    with torch.autocast("cpu", torch.bfloat16):
        half = model(*inputs)
    full = model(*inputs)
    assert half.dtype == torch.bfloat16
    assert (half.float() - full).norm() < 0.02 * full.norm()
    leaves = [*inputs[:2], *model.parameters()]
    for ours, theirs in zip(gradients(half.float(), *leaves), gradients(full, *leaves), strict=True):
        assert (ours - theirs).norm() < 0.1 * theirs.norm()


def test_each_relation_is_g_of_that_pair_and_they_sum_to_the_relations():
    model, (objects, question, _) = network(), scenes()
    each = model.each_relation(objects, question)
    assert each.shape == (B, N, N, G)
    pair = torch.cat([objects[1, 4], objects[1, 2], question[1]])[None]
    torch.testing.assert_close(each[1, 4, 2], model.g(pair)[0], **EXACT)
    torch.testing.assert_close(each.sum((1, 2)), model.relations(objects, question), **EXACT)


def test_weights_fit_whatever_the_pairs_and_the_chunk():
    weights = network("all").state_dict()
    for pairs, chunk in (("unordered", None), ("unordered_self", 7), ("index", 3)):
        network(pairs, chunk=chunk).load_state_dict(weights)
    assert {name.split(".")[0] for name in weights} == {"g", "f"}


LINEAR = nn.Sequential(nn.Linear(2 * D + Q, G))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"g": torch.relu}, r"g must be a module from rows \[R, 2 D \+ Q\] to rows \[R, G\], not <built-in"),
        ({"pairs": "some"}, "'some'"),
        ({"pairs": torch.tensor([0, 1])}, r"shape \[P, 2\], not \[2\]"),
        ({"pairs": torch.tensor([[0, 1, 2]])}, r"shape \[P, 2\], not \[1, 3\]"),
        ({"pairs": torch.tensor([[0.0, 1.0]])}, "integers"),
        ({"pairs": torch.tensor([[0, -1]])}, "0 and up"),
        ({"chunk": 0}, "chunk must be a positive number of pairs, not 0"),
    ],
)
def test_a_wrong_option_is_named(options, words):
    with pytest.raises(InputError, match=words):
        RelationNetwork(**({"g": LINEAR, "f": nn.Identity()} | options))


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ((torch.zeros(N, D), torch.zeros(B, Q)), r"objects must have shape \[B, N, D\], not \[5, 3\]"),
        ((torch.zeros(B, N, D), torch.zeros(B + 1, Q)), r"question must have shape .* B = 4, not \[5, 2\]"),
        ((torch.zeros(B, N, D), torch.zeros(B, N, Q)), "question must have shape"),
        ((torch.zeros(B, N, D),), r"give 2 D \+ Q = 6 features, but g's first layer takes 8"),
        ((torch.zeros(B, N, D + 1), torch.zeros(B, Q)), "= 10 features"),
        ((torch.zeros(B, N, D), torch.zeros(B, Q), torch.ones(B, N + 1).bool()), r"mask must be bool \[4, 5\]"),
        ((torch.zeros(B, N, D), torch.zeros(B, Q), torch.ones(B, N)), "not torch.float32"),
        ((torch.zeros(B, 2, D), torch.zeros(B, Q)), "pairs name object 4, but a scene has 2"),
    ],
)
def test_a_wrong_input_is_named(inputs, words):
    model = RelationNetwork(LINEAR, nn.Identity(), torch.tensor(INDEX))
    with pytest.raises(InputError, match=words):
        model(*inputs)
