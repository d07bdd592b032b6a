"""Reference reproduction of four papers on relational reasoning, and what of it works on data of your own.

    from reprolib import RelationNetwork, fit, infer

A name is imported when it is first asked for, so that `import reprolib` alone loads nothing; each has an example in its
docstring.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reprolib.data.simulations import simulate
    from reprolib.data.split import Split
    from reprolib.errors import InputError
    from reprolib.gn.block import GraphNetwork, OnConcat
    from reprolib.gn.graph import Graph, fully_connected
    from reprolib.models.clevr.networks import StateRelationNetwork
    from reprolib.models.modular.meta_learning import ModularMetaLearning
    from reprolib.models.nri.model import NRI
    from reprolib.models.relation_network import RelationNetwork, mlp
    from reprolib.models.stories import StoryRelationNetwork
    from reprolib.own.fitting import fit
    from reprolib.own.inference import infer
    from reprolib.own.scene_files import read_scenes
    from reprolib.own.story_files import read_stories
    from reprolib.settings.moving import NRIModel
    from reprolib.settings.relating import BabiModel, StateModel
    from reprolib.settings.searching import ModularModel

__version__ = "0.1.0"

__all__ = [
    "NRI",
    "BabiModel",
    "Graph",
    "GraphNetwork",
    "InputError",
    "ModularMetaLearning",
    "ModularModel",
    "NRIModel",
    "OnConcat",
    "RelationNetwork",
    "Split",
    "StateModel",
    "StateRelationNetwork",
    "StoryRelationNetwork",
    "fit",
    "fully_connected",
    "infer",
    "mlp",
    "read_scenes",
    "read_stories",
    "simulate",
]

_HOMES = {
    "data.simulations": ("simulate",),
    "data.split": ("Split",),
    "errors": ("InputError",),
    "gn.block": ("GraphNetwork", "OnConcat"),
    "gn.graph": ("Graph", "fully_connected"),
    "models.clevr.networks": ("StateRelationNetwork",),
    "models.modular.meta_learning": ("ModularMetaLearning",),
    "models.nri.model": ("NRI",),
    "models.relation_network": ("RelationNetwork", "mlp"),
    "models.stories": ("StoryRelationNetwork",),
    "own.fitting": ("fit",),
    "own.inference": ("infer",),
    "own.scene_files": ("read_scenes",),
    "own.story_files": ("read_stories",),
    "settings.moving": ("NRIModel",),
    "settings.relating": ("BabiModel", "StateModel"),
    "settings.searching": ("ModularModel",),
}  # modules by what they define


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
