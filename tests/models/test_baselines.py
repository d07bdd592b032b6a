"""The majority baseline against counting."""

from collections import Counter

import torch

from reprolib.models.majority import MajorityAnswer

ANSWERS = 29


def test_every_question_gets_its_groups_most_frequent_answer():
    rng = torch.Generator().manual_seed(0)
    groups, answers = torch.randint(0, 6, (400,), generator=rng), torch.randint(0, ANSWERS, (400,), generator=rng)
    groups[groups == 2] = 7  # no question of groups 2 and 6
    answers[groups == 4] = 28
    model = MajorityAnswer(groups, answers, ANSWERS, column="groups")
    found = model({"groups": torch.tensor([0, 1, 2, 3, 4, 5, 6, 7, 8, 89])})
    assert found.shape == (10, ANSWERS)
    everything = Counter(answers.tolist())
    for group, answer in zip([0, 1, None, 3, 4, 5, None, 7, None, None], found.argmax(1).tolist(), strict=True):
        counts = everything if group is None else Counter(answers[groups == group].tolist())
        assert counts[answer] == max(counts.values())
    assert found[4].argmax() == 28


def test_nothing_is_trained_and_everything_is_saved():
    model = MajorityAnswer(torch.tensor([0, 1]), torch.tensor([1, 0]), 2, column="groups")
    assert list(model.parameters()) == []
    other = MajorityAnswer(torch.tensor([0, 1]), torch.tensor([0, 1]), 2, column="groups")
    other.load_state_dict(model.half().state_dict())
    assert other({"groups": torch.tensor([0, 1])}).argmax(1).tolist() == [1, 0]


def test_groups_are_known_by_heart_from_the_column_named():
    types = torch.arange(40) % 10
    model = MajorityAnswer(types, types % 3, 3, column="types")
    assert model({"types": types, "groups": types.flip(0)}).argmax(1).equal(types % 3)
