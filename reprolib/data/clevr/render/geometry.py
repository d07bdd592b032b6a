"""Rays against CLEVR's solids: what a ray meets first, and how much of a lamp a point sees.

M scenes, P rays a scene, N places for objects, K pairs of a ray and an object near it. Vectors hold their three
coordinates first: [3, M, P]. A dense test against bounding spheres finds the pairs, and only they are intersected.

In its own frame every solid is one shape of half extent 1, shrunk by its edge's radius e and grown again by it:
|max(q - (1 - e), 0)| = e, with q = |p| for cubes (and for spheres, where e = 1), (|p_xy|, 0, |p_z|) for cylinders.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from reprolib.data.clevr.programs import ATTRIBUTES
from reprolib.data.clevr.scenes import EDGES, FOCAL, HEIGHT, SIZES, WIDTH, Scenes

CUBE, SPHERE, CYLINDER = (ATTRIBUTES["shape"].index(name) for name in ("cube", "sphere", "cylinder"))
REACH = {CUBE: 3**0.5, SPHERE: 1.0, CYLINDER: 2**0.5}  # radius of the bounding sphere over the half extent
STEPS = 4  # of Newton's method towards a rounded edge, after the sharp solid around it
TOUCH = 2e-3  # half extents from the surface that count as on it
GROUND = -1  # in place of an object's number


@dataclass(frozen=True, eq=False)
class Solids:
    """The objects of M scenes; absent ones reach nowhere."""

    centres: Tensor  # [3, M, N]
    extents: Tensor  # [M, N]: radius of spheres and cylinders, half side of cubes
    reaches: Tensor  # [M, N]: radius of the bounding sphere, negative for absent objects
    turns: Tensor  # [2, M, N]: cosine and sine of the angle about z
    kinds: Tensor  # [M, N]: position in ATTRIBUTES["shape"]
    edges: Tensor  # [M, N]

    def of(self, scenes: Tensor) -> "Solids":
        """The solids of the scenes with these numbers: [K] scenes."""
        return Solids(*(value.index_select(-2, scenes) for value in vars(self).values()))


@dataclass(frozen=True, eq=False)
class Lamp:
    """A square lamp in M scenes, and where on it points look: S samples for each of F phases, from its centre."""

    centres: Tensor  # [3, M]
    facing: Tensor  # [3]: unit
    side: float
    offsets: Tensor  # [3, F, S]


@dataclass(frozen=True, eq=False)
class Pairs:
    """K rays, each with an object near it."""

    rays: Tensor  # [K]: m * P + p
    scenes: Tensor  # [K]: m
    objects: Tensor  # [K]: n
    centres: Tensor  # [3, K]
    extents: Tensor  # [K]
    turns: Tensor  # [2, K]
    kinds: Tensor  # [K]
    edges: Tensor  # [K]

    def framed(self, vectors: Tensor) -> Tensor:
        """Vectors [3, K] in the objects' own frames."""
        return _turned(vectors / self.extents, self.turns)


def solids_of(scenes: Scenes, device: torch.device | str, objects: bool = True) -> Solids:
    """The scenes' objects on a device; all of them absent where `objects` is false."""
    kinds = attribute(scenes, "shape")
    radii = np.array(SIZES)[attribute(scenes, "size")]
    extents = np.where(kinds == CUBE, radii / 2**0.5, radii)
    places = kinds.shape[1]
    reaches = np.where(scenes.present[:, :places] & objects, extents * _by_kind(REACH)[kinds], -1.0)
    rotations = scenes.rotations[:, :places]
    turns = np.stack([np.cos(rotations), np.sin(rotations)])
    return Solids(
        centres=_tensor(scenes.positions[:, :places].transpose(2, 0, 1), device),
        extents=_tensor(extents, device),
        reaches=_tensor(reaches, device),
        turns=_tensor(turns, device),
        kinds=torch.tensor(kinds, device=device),
        edges=_tensor(np.array(EDGES)[kinds], device),
    )


def attribute(scenes: Scenes, name: str) -> np.ndarray:
    """Positions in ATTRIBUTES[name] of the objects, up to the fullest scene's last: [M, N]."""
    places = scenes.counts.max(initial=1)
    return scenes.attributes[:, :places, list(ATTRIBUTES).index(name)].astype(np.int64)


def camera_rays(cameras: np.ndarray, height: int, width: int, fine: int, device: torch.device | str):
    """Origins [3, M, 1] and unit directions [3, M, fine * fine * height * width], sub-sample by sub-sample."""
    shift = (torch.arange(fine, dtype=torch.float32) + 0.5) / fine
    rows, columns = (torch.arange(size)[None] + shift[:, None] for size in (height, width))  # [fine, height], ...
    y = (0.5 - rows / height) * (HEIGHT / FOCAL)
    x = (columns / width - 0.5) * (WIDTH / FOCAL)
    y, x = torch.broadcast_tensors(y[:, None, :, None], x[None, :, None, :])
    seen = torch.stack([x, y, torch.full_like(x, -1.0)]).reshape(3, 1, -1).to(device)
    seen = seen / seen.square().sum(0).sqrt()
    turn = _tensor(cameras[:, :3, :3].transpose(1, 2, 0), device)[..., None]  # [3 to, 3 from, M, 1]
    directions = turn[:, 0] * seen[0] + turn[:, 1] * seen[1] + turn[:, 2] * seen[2]
    return _tensor(cameras[:, :3, 3].T, device)[..., None], directions


def first_hits(solids: Solids, origins: Tensor, directions: Tensor, leave: Tensor | None = None):
    """Distance [M, P] (infinite for the sky) and number [M, P] of the object that each ray meets first, or GROUND.

    Args:
        leave: number of the object that each ray starts from, which it cannot meet again: [M, P].
    """
    fall = torch.where(directions[2] < 0, directions[2], -0.0)
    ground = torch.where(origins[2] > 0, -origins[2] / fall, torch.inf)
    pairs = _pairs(solids, _near(solids, origins, directions, leave=leave))
    starts = _picked(origins.expand_as(directions), pairs.rays)
    entry = _rounded_entry(pairs, pairs.framed(starts - pairs.centres), pairs.framed(_picked(directions, pairs.rays)))
    nearest = ground.expand_as(directions[0]).flatten().scatter_reduce(0, pairs.rays, entry, "amin")
    first = (entry <= nearest[pairs.rays]) & entry.isfinite()
    which = torch.full_like(nearest, GROUND, dtype=torch.int64)
    which[pairs.rays[first]] = pairs.objects[first]
    return nearest.view_as(directions[0]), which.view_as(directions[0])


def normals_at(solids: Solids, points: Tensor, which: Tensor) -> Tensor:
    """Unit normals [3, M, P] of the objects (or the ground) at points on them."""
    one = Solids(*(taken(value, which) for value in vars(solids).values()))
    place = _turned((points - one.centres) / one.extents, one.turns)
    grown = (_folded(place, one.kinds) - (1 - one.edges)).clamp(min=0)
    back = one.turns * one.turns.new_tensor([1.0, -1.0]).view(2, 1, 1)
    normal = unit(_turned(_unfolded(grown, place, one.kinds), back))
    up = torch.zeros_like(normal)
    up[2] = 1.0
    return torch.where(which == GROUND, up, normal)


def seen_share(solids: Solids, points: Tensor, which: Tensor, lit: Tensor, lamp: Lamp, phases: Tensor) -> Tensor:
    """Share of a lamp that points on solids see past the other solids: [M, P].

    Args:
        lit: points that face the lamp; the others see all of it: [M, P].
        phases: which of the lamp's F sets of samples each point looks for: [M, P].
    """
    to = lamp.centres[..., None] - points
    closer = dot(to, to).rsqrt()
    near = _near(solids, points, to * closer, lamp.side / 2**0.5 * closer, which)
    pairs = _pairs(solids, near & lit)
    begin = _picked(points, pairs.rays)
    start, centre = pairs.framed(begin - pairs.centres), lamp.centres[:, pairs.scenes] - begin
    phase, samples = phases.flatten()[pairs.rays], lamp.offsets.shape[2]
    hidden = torch.zeros(phases.numel(), samples, dtype=torch.bool, device=points.device)
    for sample in range(samples):
        enter, leave = _sharp_span(pairs.kinds, start, pairs.framed(centre + lamp.offsets[:, phase, sample]))
        hidden[pairs.rays[(enter < leave) & (leave > 0) & (enter < 1)], sample] = True
    return 1 - hidden.view(*phases.shape, samples).float().mean(-1)


def taken(values: Tensor, which: Tensor) -> Tensor:
    """Values [..., M, N] of the object that each ray meets [..., M, P]; the first object's for the ground."""
    index = which.clamp(min=0).expand(*values.shape[:-2], *which.shape)
    return values.gather(-1, index)


def dot(a: Tensor, b: Tensor) -> Tensor:
    """Of vectors whose coordinates come first."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def unit(a: Tensor) -> Tensor:
    return a * dot(a, a).clamp(min=1e-20).rsqrt()


def _tensor(values: np.ndarray, device: torch.device | str) -> Tensor:
    return torch.tensor(np.ascontiguousarray(values), dtype=torch.float32, device=device)


def _by_kind(values: dict[int, float]) -> np.ndarray:
    return np.array([values[kind] for kind in range(len(values))])


def _near(
    solids: Solids, origins: Tensor, directions: Tensor, opening: Tensor | float = 0.0, leave: Tensor | None = None
) -> Tensor:
    """Cones around rays that may meet each object's bounding sphere, and do not leave that object: [N, M, P].

    Args:
        opening: radius that the cone gains with every unit of its length: [M, P].
    """
    near = []
    for number, (centre, reach) in enumerate(
        zip(solids.centres.unbind(2), solids.reaches[..., None].unbind(1), strict=True)
    ):
        apart = centre[..., None] - origins
        along = dot(apart, directions)
        passed = dot(apart, apart) - along * along < (reach + opening * (along + reach)).square()
        passed &= (along > -reach) & (reach > 0)
        near.append(passed if leave is None else passed & (leave != number))
    return torch.stack(near)


def _picked(vectors: Tensor, rays: Tensor) -> Tensor:
    """Vectors [3, M, P] of the rays of pairs: [3, K]."""
    return vectors.flatten(1).index_select(1, rays)


def _turned(vectors: Tensor, turns: Tensor) -> Tensor:
    """Vectors [3, ...] turned back about z by the angle whose cosine and sine are `turns` [2, ...]."""
    cosine, sine = turns
    x, y, z = vectors
    return torch.stack([cosine * x + sine * y, cosine * y - sine * x, z])


def _pairs(solids: Solids, near: Tensor) -> Pairs:
    """The pairs of a ray and an object where `near` [N, M, P] is true."""
    place, scene, ray = near.nonzero(as_tuple=True)
    item = scene * near.shape[0] + place
    return Pairs(
        rays=scene * near.shape[2] + ray,
        scenes=scene,
        objects=place,
        centres=solids.centres.flatten(1).index_select(1, item),
        extents=solids.extents.flatten().index_select(0, item),
        turns=solids.turns.flatten(1).index_select(1, item),
        kinds=solids.kinds.flatten().index_select(0, item),
        edges=solids.edges.flatten().index_select(0, item),
    )


def _sharp_span(kinds: Tensor, start: Tensor, way: Tensor) -> tuple[Tensor, Tensor]:
    """Where each ray [3, K] enters and leaves the solid with sharp edges; it misses where it leaves no later."""
    ball = (kinds == SPHERE).float()
    a = way[0] * way[0] + way[1] * way[1] + ball * way[2] * way[2]
    b = start[0] * way[0] + start[1] * way[1] + ball * start[2] * way[2]
    c = start[0] * start[0] + start[1] * start[1] + ball * start[2] * start[2] - 1
    square = b * b - a * c
    root = square.clamp(min=0).sqrt()
    inverse = 1 / torch.where(way.abs() < 1e-7, 1e-7, way)
    low, high = (-1 - start) * inverse, (1 - start) * inverse
    low, high = torch.minimum(low, high), torch.maximum(low, high)  # [3, K]
    box = kinds == CUBE
    enter = torch.where(box, torch.maximum(low[0], low[1]), (-b - root) / a)
    leave = torch.where(box, torch.minimum(high[0], high[1]), (-b + root) / a)
    enter, leave = torch.maximum(enter, low[2]), torch.minimum(leave, high[2])
    return enter, torch.where(box | (square > 0), leave, enter)


def _rounded_entry(pairs: Pairs, start: Tensor, way: Tensor) -> Tensor:
    """Distance [K] to the solid with rounded edges, infinite for a miss: Newton's method from the sharp solid on.

    Along a ray the distance from a convex solid is convex, so that no step from outside goes past the entry.
    """
    enter, leave = _sharp_span(pairs.kinds, start, way)
    depth = enter
    for _ in range(STEPS):
        distance, rate = _outside(pairs, start + depth * way, way)
        depth = torch.where(rate < 0, depth - distance / rate, depth)
    distance, _ = _outside(pairs, start + depth * way, way)
    met = (enter < leave) & (enter > 0) & (depth <= leave) & (distance < TOUCH)
    return torch.where(met, depth, torch.inf)


def _outside(pairs: Pairs, place: Tensor, way: Tensor) -> tuple[Tensor, Tensor]:
    """Distance [K] of places from the rounded solids, in half extents, and its rate of change along the rays."""
    grown = (_folded(place, pairs.kinds) - (1 - pairs.edges)).clamp(min=0)
    length = dot(grown, grown).sqrt()
    return length - pairs.edges, dot(_unfolded(grown, place, pairs.kinds), way) / length.clamp(min=1e-6)


def _folded(place: Tensor, kinds: Tensor) -> Tensor:
    """q of this module's description: [3, ...]."""
    x, y, z = place.abs()
    cylinder = kinds == CYLINDER
    return torch.stack([torch.where(cylinder, torch.hypot(x, y), x), torch.where(cylinder, 0.0, y), z])


def _unfolded(vectors: Tensor, place: Tensor, kinds: Tensor) -> Tensor:
    """Vectors [3, ...] of q's space as vectors of the object's frame at a place."""
    round_, outward = kinds == CYLINDER, vectors[0] / torch.hypot(place[0], place[1]).clamp(min=1e-6)
    x = torch.where(round_, outward * place[0], vectors[0] * place[0].sign())
    y = torch.where(round_, outward * place[1], vectors[1] * place[1].sign())
    return torch.stack([x, y, vectors[2] * place[2].sign()])
