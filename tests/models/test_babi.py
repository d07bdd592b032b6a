"""The model of bAbI stories: it learns, and its output depends on what it may depend on only."""

import dataclasses
import itertools

import pytest
import torch

from reprolib.data.babi.arrays import encode, vocabulary
from reprolib.data.babi.babi_reader import parse
from reprolib.data.split import Split
from reprolib.errors import InputError
from reprolib.experiments.rn_babi import METHOD
from reprolib.methods.answers import answer_loss
from reprolib.models.stories import StoryRelationNetwork
from reprolib.settings.recipe import Training
from reprolib.settings.relating import READERS, SLOTS, BabiModel
from reprolib.training.loop import fit

STORIES = """1 Mary moved to the bathroom.
2 John went to the hallway.
3 Where is Mary? \tbathroom\t1
4 Daniel went back to the hallway.
5 Sandra moved to the garden.
6 Where is Daniel? \thallway\t4
7 John moved to the office.
8 Sandra journeyed to the bathroom.
9 Where is Daniel? \thallway\t4
10 Mary moved to the hallway.
11 Daniel travelled to the office.
12 Where is Daniel? \toffice\t11
13 John went back to the garden.
14 John moved to the bedroom.
15 Where is Sandra? \tbathroom\t8
1 Sandra travelled to the office.
2 Sandra went to the bathroom.
3 Where is Sandra? \tbathroom\t2
4 Mary went to the bedroom.
5 Daniel moved to the hallway.
6 Where is Sandra? \tbathroom\t2
7 John went to the garden.
8 John travelled to the office.
9 Where is Sandra? \tbathroom\t2
"""
WINDOW = 8
SIZES = BabiModel(embedding=8, lstm=8, g=(16, 16), f=(16,))


@pytest.fixture(scope="module")
def stories():
    """The questions of two stories in the released format, as one split, and their vocabulary."""
    questions = list(parse(STORIES, 1, "qa1_train.txt"))
    vocab = vocabulary(questions)
    arrays = encode({"train": questions}, vocab, WINDOW)["train"]
    names = ("windows", "questions", "answers", "tasks")
    columns = {name: torch.from_numpy(getattr(arrays, name)).long() for name in names}
    return Split(columns, {"sentences": torch.from_numpy(arrays.sentences)}), vocab


def build(stories, seed=0, **changes):
    _, vocab = stories
    torch.manual_seed(seed)
    sizes = dataclasses.replace(SIZES, **changes)
    return StoryRelationNetwork(sizes, len(vocab.words), len(vocab.answers), WINDOW)


def whole(stories):
    return stories[0].batch(slice(None))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"pairs": "unordered_self", "norm": True},
        {"sum_norm": True},
        *({"reader": reader} for reader in list(READERS)[1:]),
    ],
    ids=["plain", "batch norm", "layer norm", *list(READERS)[1:]],
)
def test_a_few_stories_are_learnt_by_heart(stories, changes):
    model, split = build(stories, **changes), stories[0]
    training = Training(steps=100, batch=len(split), rate=5e-3, evaluate_every=25)
    validate = lambda model: METHOD.evaluate(model, split)  # noqa: E731
    fit(model, METHOD.learner(), split, validate, METHOD.select, training, seed=0, identity="babi")
    assert validate(model.eval())["accuracy/mean"] == 100.0


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("pairs", ["all", "unordered", "unordered_self"])
def test_stories_of_one_sentence_are_told_apart_where_self_pairs_are_summed(stories, pairs, reader):
    """One sentence is no pair i < j: then every such question gets the same logits."""
    model, batch = build(stories, pairs=pairs, reader=reader).eval(), whole(stories)
    logits = model(batch | {"windows": batch["windows"] * (torch.arange(WINDOW) == 0)})
    asked = torch.stack([batch["windows"][:, 0], batch["questions"]], dim=1)  # [B, 2], the sentence and the question
    for row, other in itertools.combinations(range(len(logits)), 2):
        same = bool(asked[row].equal(asked[other])) or pairs == "unordered"
        assert torch.allclose(logits[row], logits[other], atol=1e-5) == same


def test_objects_are_the_last_states_of_sentences_read_one_by_one(stories):
    model, batch = build(stories), whole(stories)
    objects, question, mask = model.encode(batch)
    assert objects.shape == (len(batch["answers"]), WINDOW, SIZES.lstm + WINDOW)
    for b, window in enumerate(batch["windows"]):
        assert mask[b].equal(window > 0)
        assert model_reads(model.question_lstm, model, batch["sentences"][batch["questions"][b]]).allclose(question[b])
        for place, sentence in enumerate(window):
            assert objects[b, place, SIZES.lstm :].equal(torch.eye(WINDOW)[place])
            if sentence:
                state = model_reads(model.story_lstm, model, batch["sentences"][sentence])
                assert objects[b, place, : SIZES.lstm].allclose(state, atol=1e-6)


def test_the_first_sentence_of_a_story_can_be_the_one_counted_from(stories):
    model, batch = build(stories, position="first"), whole(stories)
    objects, _, mask = model.encode(batch)
    for tags, real in zip(objects[:, :, SIZES.lstm :], mask, strict=True):
        count = int(real.sum())
        assert tags[:count].equal(torch.eye(WINDOW)[:count].flip(0))


def test_without_tags_only_the_sentences_are_told_apart(stories):
    model, batch = build(stories, position="none").eval(), whole(stories)
    assert model.encode(batch)[0].shape[-1] == SIZES.lstm
    windows, real = batch["windows"], batch["windows"] > 0
    shuffled = torch.stack([torch.cat([row[on].flip(0), row[~on]]) for row, on in zip(windows, real, strict=True)])
    assert not shuffled.equal(windows)
    assert model(batch | {"windows": shuffled}).allclose(model(batch), atol=1e-5)


def test_sentences_read_as_sums_of_words(stories):
    """Without an LSTM the order of words is lost; joined to its state, the sums come last."""
    batch = whole(stories)
    table = batch["sentences"]
    for reader, states in (("words", 0), ("both", SIZES.lstm)):
        model = build(stories, reader=reader, position="none")
        objects, question, mask = model.encode(batch)
        assert question.shape[1] == objects.shape[2] == states + SIZES.embedding
        for found, sentence in zip(objects[mask], batch["windows"][mask], strict=True):
            words = table[sentence][table[sentence] > 0].long()
            assert found[states:].allclose(model.embedding(words).sum(0), atol=1e-6)
        turned = table.flip(1)  # words in reverse behind their padding
        assert model.encode(batch | {"sentences": turned})[0].allclose(objects, atol=1e-6) == (reader == "words")


def test_sentences_read_word_by_word_into_slots(stories):
    """The k-th word's embedding is in the k-th slot; the slots behind the last word are zero."""
    model, batch = build(stories, reader="slots", position="none"), whole(stories)
    objects, question, mask = model.encode(batch)
    assert question.shape[1] == objects.shape[2] == SLOTS * SIZES.embedding
    table = batch["sentences"]
    read = [*objects[mask], *question]
    for found, sentence in zip(read, [*batch["windows"][mask], *batch["questions"]], strict=True):
        slots = found.view(SLOTS, SIZES.embedding)
        words = table[sentence][table[sentence] > 0].long()
        assert slots[: len(words)].equal(model.embedding(words))
        assert not slots[len(words) :].any()


def test_slots_and_the_sum_of_their_words_side_by_side(stories):
    model, batch = build(stories, reader="slots+words", position="none"), whole(stories)
    objects, _, mask = model.encode(batch)  # [B, W, F]
    slots, words = objects[mask].split([SLOTS * SIZES.embedding, SIZES.embedding], dim=-1)
    assert words.any()
    assert slots.unflatten(-1, (SLOTS, SIZES.embedding)).sum(-2).allclose(words, atol=1e-6)


def test_a_sentence_of_more_words_than_slots_is_refused(stories):
    model, batch = build(stories, reader="slots"), whole(stories)
    with pytest.raises(InputError, match=rf"a sentence has more than {SLOTS} words: .*model\.reader"):
        model(batch | {"sentences": batch["sentences"].repeat(1, 2).flip(1)})


@pytest.mark.parametrize(
    ("name", "known"), [("position", "recent, first, none"), ("reader", "lstm, words, both, slots, slots\\+words")]
)
def test_unknown_choices_are_named(name, known):
    with pytest.raises(InputError, match=f"model.{name} is 'other': choose one of {known}"):
        BabiModel(**{name: "other"})


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("g", (0,), r"model\.g is \[0\]: give a number of 1 and up"),
        ("f", (16, 0), r"model\.f is \[16, 0\]: give a number"),
        ("g", (), r"model\.g is \[\]: give one or more"),
        ("lstm", 0, r"model\.lstm is 0: give a number of 1 and up"),
        ("embedding", -1, r"model\.embedding is -1"),
        ("dropout", 1.0, r"model\.dropout is 1\.0: give a number from 0"),
        ("pairs", "some", r"model\.pairs is 'some': choose one of all, unordered, unordered_self"),
    ],
)
def test_sizes_that_make_no_model_are_named(name, value, words):
    with pytest.raises(InputError, match=words):
        BabiModel(**{name: value})


def test_an_answer_of_several_words_is_worth_the_sum_of_them(stories):
    """Logits of words z, answers of the words that they hold."""
    model, batch = build(stories).eval(), whole(stories)
    words = model(batch)  # [B, O]
    spelled = torch.zeros(3, words.shape[1])
    spelled[0, 1] = spelled[1, [1, 2]] = spelled[2, 0] = 1
    answers = model(batch | {"spelled": spelled})
    assert answers.allclose(torch.stack([words[:, 1], words[:, 1] + words[:, 2], words[:, 0]], dim=1), atol=1e-6)


def model_reads(lstm, model, tokens):
    """The state after the last word, by reading exactly the words there are."""
    words = tokens[tokens > 0].long()
    return lstm(model.embedding(words)[None])[0][0, -1]


def test_padding_does_not_reach_the_answer(stories):
    """Longer rows, more rows, or another batch around it: the logits of a question stay what they are."""
    model, batch = build(stories).eval(), whole(stories)
    logits = model(batch)
    table = batch["sentences"]
    wider = torch.cat([table, torch.zeros(len(table), 5, dtype=table.dtype)], dim=1)
    assert model(batch | {"sentences": wider}).allclose(logits, atol=1e-6)
    alone = [model(stories[0].batch(torch.tensor([i])))[0] for i in range(len(logits))]
    assert torch.stack(alone).allclose(logits, atol=1e-5)
    other = model.embedding.weight.detach().clone()
    assert other[0].abs().max() == 0, "the padding's embedding is not zero"
    with torch.no_grad():
        model.embedding.weight[0] = 7.0
    assert model(batch).allclose(logits, atol=1e-6)


def test_order_and_words_matter(stories):
    model, batch = build(stories).eval(), whole(stories)
    logits = model(batch)
    swapped = batch["windows"].clone()
    swapped[:, [0, 1]] = swapped[:, [1, 0]]
    assert not model(batch | {"windows": swapped})[0].allclose(logits[0], atol=1e-4)
    reordered = batch["sentences"].clone()
    reordered[:, [0, 2]] = reordered[:, [2, 0]]
    assert not model(batch | {"sentences": reordered})[0].allclose(logits[0], atol=1e-4)


def test_both_reading_networks_and_every_parameter_are_trained(stories):
    model, batch = build(stories, norm=True), whole(stories)
    answer_loss(model, batch).backward()
    still = [name for name, parameter in model.named_parameters() if parameter.grad is None or not parameter.grad.any()]
    assert [name for name in still if "bias" not in name] == []


@pytest.mark.parametrize("norm", [True, False])
def test_batch_norm_is_in_f_as_well_as_in_g(stories, norm, looks_across):
    assert looks_across(build(stories, norm=norm).relation_network.f, SIZES.g[-1]) is norm


def test_the_sum_of_relations_may_be_normed(stories):
    sums = torch.randn(3, SIZES.g[-1])
    for sum_norm in (True, False):
        f = build(stories, sum_norm=sum_norm).relation_network.f
        assert f(3 * sums + 1).allclose(f(sums), atol=1e-4) is sum_norm


def test_dropout_is_off_at_test(stories):
    model, batch = build(stories, dropout=0.5), whole(stories)
    assert not model.train()(batch).equal(model(batch))
    assert model.eval()(batch).equal(model(batch))


@pytest.mark.parametrize("share", [0.1, 0.3])
def test_as_much_drops_out_as_the_setting_says(stories, share, dropped):
    torch.manual_seed(0)
    f = build(stories, f=(1,), dropout=share).relation_network.f
    assert dropped(f, SIZES.g[-1]) == pytest.approx((share, share), abs=0.03)


def test_autocast_is_close_to_single_precision(stories):
    model, batch = build(stories).eval(), whole(stories)
    with torch.autocast("cpu", torch.bfloat16):
        half = model(batch)
    assert half.float().allclose(model(batch), atol=0.02, rtol=0.05)


def test_the_papers_size(stories):
    """LSTM of 32, g of four layers of 256, f of 256 and 512, then the answers (Santoro et al. 2017, supplement)."""
    _, vocab = stories
    model = StoryRelationNetwork(BabiModel(), len(vocab.words), 159, 20)
    relation_network = model.relation_network
    layers = [layer for layer in relation_network.g if isinstance(layer, torch.nn.Linear)]
    assert [(layer.in_features, layer.out_features) for layer in layers] == [(136, 256)] + [(256, 256)] * 3
    layers = [layer for layer in relation_network.f.modules() if isinstance(layer, torch.nn.Linear)]
    assert [(layer.in_features, layer.out_features) for layer in layers] == [(256, 256), (256, 512), (512, 159)]
