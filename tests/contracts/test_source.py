"""Sources: what is missing is told before anything is tried, and the reader is imported when it is first asked."""

from types import SimpleNamespace

import pytest

from reprolib import experiments
from reprolib.contracts.source import Source
from reprolib.data.sources import BABI, CLEVR, SIMULATED_MOTION, SORT_OF_CLEVR
from reprolib.errors import InputError
from reprolib.running import fill
from reprolib.settings.data_sets import BabiData, ClevrData, MotionData, SceneData

SETTINGS = ((BABI, BabiData()), (CLEVR, ClevrData()), (SORT_OF_CLEVR, SceneData()), (SIMULATED_MOTION, MotionData()))


@pytest.mark.parametrize(("source", "settings"), SETTINGS)
def test_generated_data_can_always_be_had_and_real_ones_say_what_is_missing(source, settings, monkeypatch, tmp_path):
    monkeypatch.setenv("REPROLIB_DATA", str(tmp_path))
    assert source.available(settings, "generated") is None
    assert len(source.identity(settings, "generated")) == 64
    missing = source.available(settings, "real")
    assert "never released" in missing or "`reprolib data fetch" in missing
    assert source.identity(settings, "real") is None
    with pytest.raises(InputError) as raised:
        source.load(settings, "real")
    assert str(raised.value) == missing


def test_the_reader_is_imported_when_it_is_first_asked():
    source = Source("no.such.module", {"generated": "ours", "real": "released"})
    assert source.papers_kind == "real"
    assert Source("no.such.module", {"generated": "ours"}).papers_kind == "generated"
    with pytest.raises(ModuleNotFoundError):
        source.available(None, "generated")


def test_fill_does_not_try_what_cannot_be_had_and_says_why(toy, parts, monkeypatch, cli):
    """As of scenes whose simulator is not installed."""
    gone = parts.of_source(toy, available=lambda settings, kind: "mujoco is not installed: pip install mujoco")
    monkeypatch.setattr(experiments, "every", lambda: [gone])
    assert list(fill.missing("small")) == []
    code, out, err = cli("fill", "--scale", "small")
    assert (code, out) == (0, "0 runs finished, 0 are missing\n")
    assert "toy/Net: mujoco is not installed: pip install mujoco" in err


def test_the_settings_are_handed_to_the_reader():
    seen = []
    reader = SimpleNamespace(
        load=lambda *given: seen.append(("load", *given)),
        identity=lambda *given: seen.append(("identity", *given)) or "abc",
        available=lambda *given: seen.append(("available", *given)),
    )
    source = Source(reader, {"generated": "paper"})
    assert source.identity("settings", "generated") == "abc"
    source.load("settings", "generated")
    assert seen == [(name, "settings", "generated") for name in ("available", "identity", "load")]
