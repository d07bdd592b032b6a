"""A few questions about a few small scenes, as the data set hands them over."""

import pytest
import torch

from reprolib.data.split import Split

SIDE, WORDS, ANSWERS, FEATURES = 32, 12, 29, 13


@pytest.fixture
def asked():
    """Fifteen questions on five of six scenes: pictures of four cells, up to ten objects of which the rest is noise."""
    rng = torch.Generator().manual_seed(1)
    lengths = torch.randint(3, 9, (15, 1), generator=rng)
    questions = torch.randint(1, WORDS + 1, (15, 11), generator=rng).masked_fill(torch.arange(11) >= lengths, 0)
    columns = {
        "questions": questions.to(torch.uint8),
        "scenes": torch.arange(5).repeat_interleave(3).flip(0) + 1,
        "answers": torch.randint(0, ANSWERS, (15,), generator=rng),
    }
    counts = torch.tensor([3, 10, 4, 7, 3, 5])
    objects = torch.randn(6, 10, FEATURES, generator=rng)
    tables = {
        "objects": objects.masked_fill((torch.arange(10) >= counts[:, None])[..., None], 0),
        "counts": counts,
        "images": torch.randint(0, 256, (6, SIDE, SIDE, 3), generator=rng, dtype=torch.uint8),
    }
    return Split(columns, tables)


@pytest.fixture
def learnt():
    """Train a model on a whole split for some steps: how many of its questions it then answers."""

    def train(model, split, steps=100, rate=1e-2):
        batch = split.batch(slice(None))
        optimiser = torch.optim.Adam(model.train().parameters(), lr=rate)
        for _ in range(steps):
            optimiser.zero_grad()
            torch.nn.functional.cross_entropy(model(batch), batch["answers"]).backward()
            optimiser.step()
        return (model.eval()(batch).argmax(1) == batch["answers"]).sum().item()

    return train
