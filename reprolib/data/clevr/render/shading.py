"""Light and materials of CLEVR's pictures: colours in linear [0, 1] of what rays meet.

The release's pictures come from Blender's path tracer. Here light is direct (four area lamps, with soft shadows), plus
a constant sky, plus what the ground and near objects give back in closed form; metal mirrors once. The lamps' places
are the scene's; the fourth one, high and wide, stands still. All numbers below were fitted by least absolute errors to
60,000 pixels of the 120 training pictures of the miniature CLEVR (official base scene, materials and shapes).
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from reprolib.data.clevr.programs import ATTRIBUTES
from reprolib.data.clevr.render.geometry import (
    GROUND,
    Lamp,
    Solids,
    attribute,
    dot,
    first_hits,
    normals_at,
    seen_share,
    taken,
    unit,
)
from reprolib.data.clevr.scenes import COLORS, LAMPS, SIZES, Scenes

METAL = ATTRIBUTES["material"].index("metal")

FACING = ((-0.721, 0.329, -0.610), (0.084, -0.506, -0.859), (0.673, 0.581, -0.457), (-0.401, 0.228, -0.887))
SIDES = (0.7, 1.0, 1.0, 6.0)  # of LAMPS and of the high lamp
HIGH = (11.66, -6.63, 25.82)
# What each lamp (LAMPS, then the high one) adds to a surface that faces it, one unit away from it where the lamp faces
# the surface; the high lamp does not fall off. [4 lamps, red green blue]
ON_GROUND = ((5.85, 5.45, 4.73), (3.09, 3.09, 3.09), (1.29, 1.40, 1.74), (0.114, 0.114, 0.114))
ON_RUBBER = ((7.45, 6.99, 6.29), (3.87, 3.87, 3.81), (1.58, 1.66, 2.07), (0.090, 0.090, 0.090))
ON_METAL = ((14.0, 12.2, 12.2), (5.0, 5.0, 5.0), (1.9, 2.5, 2.6), (0.245, 0.245, 0.245))
HAZE_ON_METAL = ((4.3, 4.3, 4.3), (8.6, 8.6, 8.6), (3.3, 3.6, 4.1), (0.0, 0.0, 0.0))
SKY_ON_GROUND, SKY_ON_RUBBER, SKY_IN_METAL = 0.0165, 0.048, 0.029
GLOW_ON_GROUND, GLOW_ON_RUBBER = 0.152, 0.080  # from objects that fill the view, over their base colour
GROUND_ON_RUBBER = 0.84  # from ground that fills the view, over its radiance
GRAZING = 0.047  # what the ground adds along rays that graze it, by the fourth power of one less their slope
SHEEN = 0.0021  # of rubber, in any colour
MIRROR = 0.875  # reflected by metal, over the radiance that meets it and the base colour
METAL_IN_METAL = 0.138  # radiance of metal seen in metal, over its base colour
ROUGHNESS, HAZE = 0.06, 0.5  # widths (alpha) of metal's two GGX lobes
TILT = 0.06  # of metal's facets: slope


@dataclass(frozen=True, eq=False)
class Scenery:
    """M scenes as light meets them."""

    solids: Solids
    radii: Tensor  # [M, N]: of spheres as large as the objects look; 0 for absent ones
    base: Tensor  # [3, M, N]: colours
    metal: Tensor  # [M, N]
    lamps: tuple[Lamp, ...]

    def of(self, scenes: Tensor) -> "Scenery":
        """The scenes with these numbers: [K] scenes."""
        return Scenery(
            solids=self.solids.of(scenes),
            radii=self.radii[scenes],
            base=self.base[:, scenes],
            metal=self.metal[scenes],
            lamps=tuple(Lamp(lamp.centres[:, scenes], lamp.facing, lamp.side, lamp.offsets) for lamp in self.lamps),
        )


@dataclass(frozen=True, eq=False)
class Hits:
    """What P rays of M scenes meet."""

    points: Tensor  # [3, M, P]
    normals: Tensor  # [3, M, P]
    ways: Tensor  # [3, M, P]: unit directions of the rays
    which: Tensor  # [M, P]: number of the object, or GROUND
    phases: Tensor  # [M, P]: of the lamps' samples


def scenery_of(scenes: Scenes, solids: Solids, phases: int, samples: int) -> Scenery:
    """The scenes' colours, materials and lamps, on the device of their solids."""
    device = solids.centres.device
    palette = COLORS / 255  # linear: the official code does not take them for sRGB
    radii = torch.tensor(np.array(SIZES, np.float32)[attribute(scenes, "size")], device=device)
    return Scenery(
        solids=solids,
        radii=torch.where(solids.reaches > 0, radii, 0.0),
        base=torch.tensor(palette[attribute(scenes, "color")].transpose(2, 0, 1).copy(), device=device),
        metal=torch.tensor(attribute(scenes, "material") == METAL, device=device),
        lamps=lamps_of(scenes, phases, samples, device),
    )


def lamps_of(scenes: Scenes, phases: int, samples: int, device: torch.device | str) -> tuple[Lamp, ...]:
    """LAMPS and the high lamp, looked at in phases * samples cells of a grid: both numbers are squares."""
    high = np.broadcast_to(np.array(HIGH, np.float32), (len(scenes), 1, 3))
    centres = torch.tensor(np.concatenate([scenes.lamps, high], 1).transpose(1, 2, 0).copy(), device=device)
    lamps = []
    for centre, facing, side in zip(centres, FACING, SIDES, strict=True):
        towards = unit(torch.tensor(facing))
        across = unit(torch.linalg.cross(towards, torch.tensor([0.0, 0.0, 1.0])))
        along = torch.linalg.cross(towards, across)
        x, y = side * _cells(phases, samples)  # [F, S]
        offsets = across[:, None, None] * x + along[:, None, None] * y
        lamps.append(Lamp(centre, towards.to(device), side, offsets.to(device)))
    return tuple(lamps)


def radiance(scenery: Scenery, origins: Tensor, directions: Tensor, phases: Tensor) -> Tensor:
    """Linear colours [3, M, P] along rays from above the ground that all meet something."""
    depth, which = first_hits(scenery.solids, origins, directions)
    hits = _met(scenery, origins + depth * directions, directions, which, phases)
    shares = _shares(scenery, hits)
    colour = _matt(scenery, hits, shares)
    scene, ray = _chosen(scenery.metal, which, False).nonzero(as_tuple=True)  # [K], each a scene of one ray from here
    some = Hits(*(value[..., scene, ray, None] for value in vars(hits).values()))
    mirrors = _metal(scenery.of(scene), some, shares[:, scene, ray, None])
    colour[:, scene, ray] = mirrors[..., 0]
    return colour


def _met(scenery: Scenery, points: Tensor, ways: Tensor, which: Tensor, phases: Tensor) -> Hits:
    return Hits(points, normals_at(scenery.solids, points, which), ways, which, phases)


def _shares(scenery: Scenery, hits: Hits) -> Tensor:
    """Share of each lamp that each point sees, 0 where one turns its back on the other: [4, M, P]."""
    shares = []
    for lamp in scenery.lamps:
        to = hits.points - lamp.centres[..., None]
        lit = (dot(to, hits.normals) < 0) & (dot(to, lamp.facing) > 0)
        seen = seen_share(scenery.solids, hits.points, hits.which, lit, lamp, hits.phases)
        shares.append(seen * lit)
    return torch.stack(shares)


def _emitted(lamp: Lamp, points: Tensor, far: bool) -> tuple[Tensor, Tensor]:
    """Unit vectors to a lamp [3, M, P] and how strongly it shines on something that faces it there [M, P]."""
    if far:
        return -lamp.facing[:, None, None].expand_as(points), torch.ones_like(points[0])
    apart = lamp.centres[..., None] - points
    square = dot(apart, apart)
    to = apart * square.rsqrt()
    return to, (-dot(to, lamp.facing)).clamp(min=0) / square


def _direct(scenery: Scenery, points: Tensor, normals: Tensor) -> Tensor:
    """How strongly each lamp shines on surfaces with nothing between: [4, M, P]."""
    strengths = []
    for number, lamp in enumerate(scenery.lamps):
        to, strength = _emitted(lamp, points, far=number == len(LAMPS))
        strengths.append(strength * dot(to, normals).clamp(min=0))
    return torch.stack(strengths)


def _matt(scenery: Scenery, hits: Hits, shares: Tensor) -> Tensor:
    """Linear colours [3, M, P] of ground, and of objects as if all were rubber."""
    direct = _direct(scenery, hits.points, hits.normals) * shares
    covered, glow = _near(scenery, hits)
    sky = SKY_ON_GROUND + GRAZING * (1 + hits.ways[2]).clamp(0, 1) ** 4
    ground = _mixed(ON_GROUND, direct) + sky * (1 - covered) + GLOW_ON_GROUND * glow
    below, up = hits.points.clone(), torch.zeros_like(hits.points)
    below[2], up[2] = 0.0, 1.0
    bounced = GROUND_ON_RUBBER * (_mixed(ON_GROUND, _direct(scenery, below, up)) + SKY_ON_GROUND)
    tilt = hits.normals[2]
    around = (1 - covered) * (SKY_ON_RUBBER * (1 + tilt) + bounced * (1 - tilt)) / 2
    base = _chosen(scenery.base, hits.which, 0.0)
    rubber = base * (_mixed(ON_RUBBER, direct) + around + GLOW_ON_RUBBER * glow) + SHEEN
    return torch.where(hits.which == GROUND, ground, rubber)


def _near(scenery: Scenery, hits: Hits) -> tuple[Tensor, Tensor]:
    """Share of each point's view that other objects cover [M, P], and their base colours times it [3, M, P]."""
    covered, glow = torch.zeros_like(hits.points[0]), torch.zeros_like(hits.points)
    for number, (centre, radius) in enumerate(
        zip(scenery.solids.centres.unbind(2), scenery.radii.unbind(1), strict=True)
    ):
        apart = centre[..., None] - hits.points
        square = dot(apart, apart)
        facing = dot(apart, hits.normals).clamp(min=0)
        cover = (facing * radius.square()[:, None] * square.rsqrt() / square).clamp(max=1)
        cover = torch.where(hits.which == number, 0.0, cover)
        covered = covered + cover
        glow = glow + cover * scenery.base[:, :, number, None]
    return covered.clamp(max=1), glow


def _metal(scenery: Scenery, hits: Hits, shares: Tensor) -> Tensor:
    """Linear colours [3, M, P] of metal: one mirrored ray, and the lamps' glossy lobes."""
    base = _chosen(scenery.base, hits.which, 0.0)
    mirrored = reflected(hits.ways, _tilted(hits.normals, hits.phases / scenery.lamps[0].offsets.shape[1]))
    depth, which = first_hits(scenery.solids, hits.points, mirrored, leave=hits.which)
    sky = depth.isinf()
    seen = _met(scenery, hits.points + torch.where(sky, 0.0, depth) * mirrored, mirrored, which, hits.phases)
    colour = MIRROR * _matt(scenery, seen, _shares(scenery, seen))
    metal = METAL_IN_METAL * _chosen(scenery.base, which, 0.0)
    colour = torch.where(_chosen(scenery.metal, which, False), metal, colour)
    colour = torch.where(sky, SKY_IN_METAL, colour)
    for powers, width in ((ON_METAL, ROUGHNESS), (HAZE_ON_METAL, HAZE)):
        colour = colour + _mixed(powers, _lobes(scenery, hits, width) * shares)
    return base * colour


def reflected(directions: Tensor, normals: Tensor) -> Tensor:
    """Unit vectors [3, ...] mirrored by surfaces with these unit normals."""
    return directions - 2 * dot(directions, normals) * normals


def _tilted(normals: Tensor, turns: Tensor) -> Tensor:
    """Normals [3, M, P] of facets that lean to the side of each turn [M, P] in [0, 1): they blur what metal mirrors."""
    helper = torch.zeros_like(normals)
    helper[0] = 1.0
    across = unit(torch.linalg.cross(normals, helper, dim=0))
    along = torch.linalg.cross(normals, across, dim=0)
    angle = 2 * torch.pi * turns
    return unit(normals + TILT * (angle.cos() * across + angle.sin() * along))


def _lobes(scenery: Scenery, hits: Hits, width: float) -> Tensor:
    """How strongly each lamp shines back along the rays by a GGX lobe (Walter et al. 2007) of that width: [4, M, P]."""
    lobes = []
    for number, lamp in enumerate(scenery.lamps):
        to, strength = _emitted(lamp, hits.points, far=number == len(LAMPS))
        half = dot(unit(to - hits.ways), hits.normals).clamp(min=0)
        facets = width**2 / (torch.pi * (half.square() * (width**2 - 1) + 1).square())
        lobes.append(strength * facets / (4 * -dot(hits.ways, hits.normals).clamp(max=-0.1)))
    return torch.stack(lobes)


def _mixed(powers: tuple[tuple[float, ...], ...], strengths: Tensor) -> Tensor:
    """Colours [3, M, P] of the lamps' strengths [4, M, P] together."""
    return torch.stack(
        [sum(power[channel] * each for power, each in zip(powers, strengths, strict=True)) for channel in range(3)]
    )


def _chosen(values: Tensor, which: Tensor, otherwise: float | bool) -> Tensor:
    """Values [..., M, N] of the object that each ray meets [..., M, P]; `otherwise` for the ground."""
    return torch.where(which == GROUND, otherwise, taken(values, which))


def _cells(phases: int, samples: int) -> Tensor:
    """Centres in [-1/2, 1/2]^2 of a grid's cells, dealt out so that each phase's samples cover it all: [2, F, S]."""
    outer, inner = round(samples**0.5), round(phases**0.5)
    at = (torch.arange(outer)[:, None] + (torch.arange(inner) + 0.5) / inner) / outer - 0.5  # [outer, inner]
    x = at.T[:, None, :, None].expand(inner, inner, outer, outer)
    y = at.T[None, :, None, :].expand(inner, inner, outer, outer)
    return torch.stack([x, y]).reshape(2, phases, samples)
