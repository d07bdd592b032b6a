"""Pictures of CLEVR's scenes, rendered in batches with torch on any device (Johnson et al. 2017, section 3.1)."""

from reprolib.data.clevr.render.renderer import VERSION, render

__all__ = ["VERSION", "render"]
