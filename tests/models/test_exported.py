"""Exported models take batches of any size and hold nothing but PyTorch's own operations."""

import io

import onnxruntime
import pytest
import torch
from torch.export import Dim, export

from reprolib.errors import InputError
from reprolib.models.nri import NRI, EdgeClassifier
from reprolib.models.nri.encoders import SHORTEST
from reprolib.models.relation_network import RelationNetwork, mlp
from reprolib.settings.moving import EdgeClassifierModel, NRIModel

B, N, D, Q = 4, 5, 3, 2
FRAMES = {"mlp": 4, "cnn": SHORTEST}
PAIRS = {"all": "all", "unordered": "unordered", "unordered_self": "unordered_self", "index": [[0, 1], [1, 0], [2, 2]]}
BATCH = {0: Dim("batch")}
CHECK = torch.ops.aten._assert_tensor_metadata.default  # of a type, at the time of the export


def network(pairs="all", norm=True, question=True, chunk=None):
    torch.manual_seed(0)
    pairs = torch.tensor(pairs) if isinstance(pairs, list) else pairs
    model = RelationNetwork(mlp([2 * D + Q * question, 8, 7], norm=norm), mlp([7, 3], last_relu=False), pairs, chunk)
    if norm:
        model(*scenes(8, question, masked=False))  # batch norms that have seen data are not the identity
    return model.eval()


def scenes(count, question=True, masked=True):
    objects, mask = torch.randn(count, N, D), torch.rand(count, N) < 0.6
    return objects, torch.randn(count, Q) if question else None, mask if masked else None


def exported(model, inputs, strict=False):
    return export(model, inputs, dynamic_shapes=[None if each is None else BATCH for each in inputs], strict=strict)


def assert_plain(program):
    """Nothing but operations that every format and backend has, and none whose shape depends on a value."""
    called = {node.target for node in program.run_decompositions().graph.nodes if node.op == "call_function"}
    found = [each for each in called - {CHECK} if isinstance(each, torch._ops.OpOverload)]
    assert [each for each in found if torch.Tag.core not in each.tags] == []
    assert torch.ops.aten.nonzero.default not in found


@pytest.mark.parametrize(
    ("pairs", "masked"),
    [("all", False), ("all", True), ("unordered", True), ("unordered_self", False), ("index", True)],
)
def test_an_exported_relation_network_answers_alike_at_any_batch(pairs, masked):
    model = network(PAIRS[pairs])
    program = exported(model, scenes(B, masked=masked))
    for count in (1, B, 9):
        inputs = scenes(count, masked=masked)
        torch.testing.assert_close(program.module()(*inputs), model(*inputs))
    assert_plain(program)


@pytest.mark.parametrize("strict", [False, True])
def test_a_network_without_question_exports_with_a_mask_and_a_chunk(strict):
    model = network("unordered", norm=False, question=False, chunk=4)
    program = exported(model, scenes(B, question=False), strict)
    inputs = scenes(7, question=False)
    torch.testing.assert_close(program.module()(*inputs), model(*inputs))


def test_padding_does_not_leak_into_an_exported_network():
    model = network()
    objects, question, mask = scenes(6)
    filled = objects.masked_fill(~mask[..., None], torch.nan)
    found = exported(model, scenes(B)).module()(filled, question, mask)
    torch.testing.assert_close(found, model(objects, question, mask))


def test_batch_norm_that_trains_is_not_exported_with_a_mask():
    with pytest.raises(InputError, match=r"batch norm in g would see padding in an exported model: call eval\(\)"):
        exported(network().train(), scenes(B))


@pytest.mark.parametrize("masked", [False, True], ids=["full", "masked"])
def test_onnx_answers_alike_at_any_batch(masked):
    model, inputs, file = network(), scenes(B, masked=masked), io.BytesIO()
    shapes = [BATCH if each is not None else None for each in inputs]
    torch.onnx.export(model, inputs, dynamo=True, dynamic_shapes=shapes).save(file)
    session = onnxruntime.InferenceSession(file.getvalue())
    inputs = scenes(9, masked=masked)
    given = [each.numpy() for each in inputs if each is not None]
    fed = {each.name: value for each, value in zip(session.get_inputs(), given, strict=True)}
    torch.testing.assert_close(torch.from_numpy(session.run(None, fed)[0]), model(*inputs), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(("encoder", "decoder"), [("mlp", "recurrent"), ("cnn", "mlp")])
def test_an_exported_nri_answers_alike_at_any_batch(encoder, decoder):
    torch.manual_seed(0)
    config = NRIModel(encoder=encoder, decoder=decoder, width=8, decoder_width=8)
    model = NRI(config, FRAMES[encoder], D).eval()
    program, paths = exported(model, (torch.randn(B, FRAMES[encoder], 3, D),)), torch.randn(6, FRAMES[encoder], 3, D)
    torch.testing.assert_close(program.module()(paths), model(paths))
    called = [node.target for node in program.graph.nodes if node.op == "call_function"]
    assert {each.namespace for each in called if isinstance(each, torch._ops.OpOverload)} == {"aten"}


def test_models_compile_as_one_graph():
    torch.manual_seed(0)
    for model, inputs in (
        (network(), scenes(B, masked=False)),
        (EdgeClassifier(EdgeClassifierModel(width=8, dropout=0.0), 4, D).eval(), (torch.randn(B, 4, 3, D),)),
    ):
        compiled = torch.compile(model, backend="eager", fullgraph=True)
        torch.testing.assert_close(compiled(*inputs), model(*inputs))
