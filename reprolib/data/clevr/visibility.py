"""How many pixels of a picture show each object of a scene, by casting a ray through the centre of every pixel.

The official generator counts them in a flat rendering of its meshes, without anti-aliasing, to refuse scenes in which
an object is hidden (`check_visibility` of clevr-dataset-gen). Here the shapes are exact: a ball, and a cube and a
cylinder whose edges are rounded as much as those of the meshes seem to be in pictures.

M scenes, N places for objects, n objects of one scene; H = HEIGHT, W = WIDTH.
"""

import math

import numpy as np

from reprolib.data.clevr.programs import ATTRIBUTES
from reprolib.data.clevr.scenes import EDGES, FOCAL, HEIGHT, WIDTH, Scenes
from reprolib.data.compiled import compiled

CUBE, SPHERE, _ = range(len(ATTRIBUTES["shape"]))  # the third is the cylinder
STEPS, CLOSE = 30, 1e-9  # of Newton's method; squared distance from the solid that counts as on it, over radius squared
SHAPE = tuple(ATTRIBUTES).index("shape")


def visible(scenes: Scenes) -> np.ndarray:
    """Pixels that show each object in a picture of WIDTH x HEIGHT, int64 [M, N]; 0 where there is none.

    Objects stand on the ground, so an object's height above it is its radius: of a sphere, of a cylinder twice as
    high, half the side of a cube.
    """
    shown = np.zeros(scenes.rotations.shape, np.int64)
    depths, owners = canvas()
    for index, count in enumerate(scenes.counts):
        count_pixels(
            scenes.cameras[index],
            scenes.positions[index, :count],
            scenes.rotations[index, :count],
            scenes.attributes[index, :count, SHAPE],
            depths,
            owners,
            shown[index, :count],
        )
    return shown


def hidden_shares(scenes: Scenes) -> np.ndarray:
    """Share of the pixels of each object, drawn alone, that show another one, float64 [M, N]; 0 where there is none.

    What lies beside the picture is not hidden by an object, and counts for neither.
    """
    of, _ = there = np.nonzero(scenes.present)  # scene and place of each of K objects
    own = (part[there][:, None] for part in (scenes.positions, scenes.rotations, scenes.attributes))  # [K, 1, ...]
    alone = np.zeros(scenes.rotations.shape, np.int64)
    alone[there] = visible(Scenes(np.ones_like(of), *own, scenes.cameras[of], scenes.lamps[of]))[:, 0]
    return 1 - np.where(alone, visible(scenes), 1) / np.maximum(alone, 1)


@compiled
def canvas():
    """Scratch for `count_pixels`: depth and object of every pixel, [H, W] each."""
    return np.empty((HEIGHT, WIDTH)), np.empty((HEIGHT, WIDTH), np.int64)


@compiled
def count_pixels(camera, positions, rotations, shapes, depths, owners, shown):
    """Fill shown [n] with the pixels of each of the n objects; positions [n, 3], rotations and shapes [n]."""
    depths[:] = np.inf
    shown[:] = 0
    for item in range(len(positions)):
        axes, eye = _seen_from(positions[item], rotations[item], camera)
        _draw(item, shapes[item], positions[item, 2], axes, eye, depths, owners, shown)


@compiled
def _seen_from(position, rotation, camera):
    """The camera's axes [3, 3] and centre [3] in an object's own frame."""
    turned = np.zeros((3, 4))
    cosine, sine = math.cos(rotation), math.sin(rotation)
    for k in range(4):
        x, y, z = camera[0, k], camera[1, k], camera[2, k]
        if k == 3:
            x, y, z = x - position[0], y - position[1], z - position[2]
        turned[0, k], turned[1, k], turned[2, k] = cosine * x + sine * y, cosine * y - sine * x, z
    return turned[:, :3], turned[:, 3]


@compiled
def _draw(item, shape, radius, axes, eye, depths, owners, shown):
    """Take the pixels where the object is nearer than those drawn before."""
    top, bottom, left, right = _rectangle(radius, axes, eye)
    for row in range(top, bottom):
        v = (HEIGHT / 2 - row - 0.5) / FOCAL
        for column in range(left, right):
            u = (column + 0.5 - WIDTH / 2) / FOCAL
            x = u * axes[0, 0] + v * axes[0, 1] - axes[0, 2]  # of the ray, one unit deep
            y = u * axes[1, 0] + v * axes[1, 1] - axes[1, 2]
            z = u * axes[2, 0] + v * axes[2, 1] - axes[2, 2]
            depth = _depth(shape, radius, eye[0], eye[1], eye[2], x, y, z)
            if depth < depths[row, column]:
                if depths[row, column] < np.inf:
                    shown[owners[row, column]] -= 1
                depths[row, column], owners[row, column] = depth, item
                shown[item] += 1


@compiled
def _rectangle(radius, axes, eye):
    """Rows and columns that hold the cube about the object: top, bottom, left, right, the second of each excluded."""
    top, bottom, left, right = HEIGHT, 0, WIDTH, 0
    for corner in range(8):
        seen = np.zeros(3)
        for k in range(3):
            side = radius if corner >> k & 1 else -radius
            for c in range(3):
                seen[c] += axes[k, c] * (side - eye[k])
        column, row = WIDTH / 2 - FOCAL * seen[0] / seen[2], HEIGHT / 2 + FOCAL * seen[1] / seen[2]
        top, bottom = min(top, math.floor(row)), max(bottom, math.ceil(row))
        left, right = min(left, math.floor(column)), max(right, math.ceil(column))
    return max(top, 0), min(bottom, HEIGHT), max(left, 0), min(right, WIDTH)


@compiled
def _depth(shape, radius, ox, oy, oz, x, y, z):
    """Where the ray o + t (x, y, z) enters a shape about the origin; infinity where it misses."""
    if shape == SPHERE:
        return _within(x * x + y * y + z * z, ox * x + oy * y + oz * z, ox * ox + oy * oy + oz * oz, radius)[0]
    enter, leave = _between(oz, z, radius)
    if shape == CUBE:
        low, high = _between(ox, x, radius)
        enter, leave = max(enter, low), min(leave, high)
        low, high = _between(oy, y, radius)
    else:
        low, high = _within(x * x + y * y, ox * x + oy * y, ox * ox + oy * oy, radius)
    enter, leave = max(enter, low), min(leave, high)
    return _rounded(shape, radius, enter, ox, oy, oz, x, y, z) if enter < leave else np.inf


@compiled
def _rounded(shape, radius, depth, ox, oy, oz, x, y, z):
    """As `_depth`, from the `depth` at which the ray enters the solid with sharp edges.

    The rounded solid is all that is within `edge` of a smaller, sharp one. Along a ray the squared distance from a
    convex solid is convex, so that Newton's method comes to where it is edge^2 from before, or sees it rise: a miss.
    """
    edge = EDGES[shape] * radius
    inner = radius - edge
    for _ in range(STEPS):
        px, py, pz = ox + depth * x, oy + depth * y, oz + depth * z
        beyond = _beyond(pz, inner)
        square, slope = beyond * beyond, beyond * z
        if shape == CUBE:
            right, behind = _beyond(px, inner), _beyond(py, inner)
            square, slope = square + right * right + behind * behind, slope + right * x + behind * y
        else:
            apart = math.hypot(px, py)
            beyond = _beyond(apart, inner)
            square, slope = square + beyond * beyond, slope + beyond * (px * x + py * y) / apart
        excess = square - edge * edge
        if excess < CLOSE * radius * radius:
            return depth
        if slope >= 0:
            return np.inf
        depth -= excess / (2 * slope)
    return np.inf


@compiled
def _beyond(p, inner):
    """How far a coordinate lies outside -inner to inner, with its sign."""
    return p - min(max(p, -inner), inner)


@compiled
def _between(o, d, radius):
    """The t with |o + t d| < radius: from, to."""
    low, high = (-radius - o) / d, (radius - o) / d
    return min(low, high), max(low, high)


@compiled
def _within(dd, od, oo, radius):
    """The t with |o + t d| < radius, from the vectors' products d d, o d and o o: from, to; none: infinity, 0."""
    root = od * od - dd * (oo - radius * radius)
    if root < 0:
        return np.inf, 0.0
    return (-od - math.sqrt(root)) / dd, (-od + math.sqrt(root)) / dd
