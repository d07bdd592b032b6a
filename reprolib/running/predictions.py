"""What a record's model answers to questions whose answers nobody has released, as a file."""

import json
from pathlib import Path

from reprolib import devices, files
from reprolib.contracts.requests import request_of
from reprolib.errors import InputError
from reprolib.evidence import records


def predict(path: Path, split: str, out: Path, device: str | None = None) -> int:
    """Write what a record's model answers to the questions of a split, as JSON; returns how many there are.

    Args:
        path: a record with weights.
        split: test, or testA or testB of CLEVR-CoGenT.

    Raises:
        InputError: the record is stale or kept no weights, its data or those of the split are not there or damaged, or
            the file cannot be written.
    """
    record = records.read(path)
    request = request_of(record, path)
    method, source, config = request.row.method, request.row.source, request.config
    if config.hash != record.config_hash:
        raise InputError(f"{path} is stale, its row has another configuration today: run {request.command}")
    records.require_weights(record, path)
    place = devices.pick(device)
    known = source.load(config.data, request.kind)
    if known.hash != record.data["hash"]:
        raise InputError(f"{path} was trained on other data than those at hand: restore them or run {request.command}")
    asked = source.unanswered(config.data, known, split)
    model = method.build(config, known)
    records.load_weights(model, record, path)
    with devices.products(tf32=False):
        found = method.answers(model.to(place).eval(), asked.to(place))
    files.write_text(out, json.dumps(found))
    return len(found)
