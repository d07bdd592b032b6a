"""Which layers may be taken apart.

Many models here split a linear layer's weight by its inputs, so that what concerns one object is worked out once and
not for every pair. That is right only where a call of the layer would do nothing else. Any other layer is called, on
its inputs side by side: that is the definition, and slower.
"""

from torch import nn
from torch.nn.modules.module import _has_any_global_hook
from torch.nn.utils.parametrize import type_before_parametrizations

HOOKS = "_forward_pre_hooks", "_forward_hooks", "_backward_pre_hooks", "_backward_hooks"


def is_plain(layer: nn.Module, kind: type[nn.Module] = nn.Linear) -> bool:
    """Whether a call of a layer is that of its class and no more: it has no `forward` of its own and no hooks.

    Pruning and the older weight and spectral norms are hooks. Parametrizations are none, as the weight that is read
    from such a layer is the one that a call would use.
    """
    return (
        type_before_parametrizations(layer) is kind
        and "forward" not in layer.__dict__
        and not any(getattr(layer, hooks) for hooks in HOOKS)
        and not _has_any_global_hook()
    )


def starts_plain(layers: nn.Module) -> bool:
    """Whether a network may be split behind its first layer: nn.Sequential from nn.Linear on, both of them plain."""
    return is_plain(layers, nn.Sequential) and len(layers) > 0 and is_plain(layers[0])
