"""The majority baseline against counting."""

from collections import Counter

import torch

from reprolib.models.baselines import MajorityAnswer


def test_every_question_gets_its_groups_most_frequent_answer():
    rng = torch.Generator().manual_seed(0)
    groups, answers = torch.randint(0, 4, (300,), generator=rng), torch.randint(0, 5, (300,), generator=rng)
    answers[groups == 3] = 4
    model = MajorityAnswer(groups, answers, 6)
    found = model({"groups": torch.arange(4)})
    assert found.shape == (4, 6)
    for group, answer in enumerate(found.argmax(1).tolist()):
        counts = Counter(answers[groups == group].tolist())
        assert counts[answer] == max(counts.values())
    assert found[3].argmax() == 4


def test_nothing_is_trained_and_everything_is_saved():
    model = MajorityAnswer(torch.tensor([0, 1]), torch.tensor([1, 0]), 2)
    assert list(model.parameters()) == []
    other = MajorityAnswer(torch.tensor([0, 1]), torch.tensor([0, 1]), 2)
    other.load_state_dict(model.state_dict())
    assert other({"groups": torch.tensor([0, 1])}).argmax(1).tolist() == [1, 0]
