"""The table in MuJoCo: walls, ten balls, and all 45 links that there can be, of which a scene switches on some.

Balls slide in the plane and do not roll; nothing pulls them down. A link is a tendon between the middles of two balls:
a spring has a stiffness, a rigid link a constraint that holds its length. Balls and walls repel one another without
friction.
"""

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from reprolib.data.linked_balls import BALLS, RIGID, SPRING, Start
from reprolib.errors import InputError
from reprolib.settings.physical import World

if TYPE_CHECKING:
    import mujoco

PAIRS = tuple(combinations(range(BALLS), 2))  # (i, j) with i < j, 45 of them
NUMBER = {pair: number for number, pair in enumerate(PAIRS)}
WALL, BALL = 1, 2  # bits of what touches what: balls touch both, walls only balls
HARD = (0.99, 0.999, 0.001, 0.5, 2)  # impedance of a rigid link, in MuJoCo's terms
MISSING = "the scenes of balls are simulated by MuJoCo, which is not installed: run `pip install mujoco`"


def missing() -> str | None:
    """None where the engine can be imported, else what to install."""
    try:
        import mujoco  # noqa: F401
    except ImportError:
        return MISSING
    return None


@dataclass(frozen=True, eq=False)
class Table:
    """A compiled table. One thread at a time may use it.

    Raises:
        InputError: MuJoCo is not installed.
    """

    world: World
    model: "mujoco.MjModel"
    state: "mujoco.MjData"

    @classmethod
    def of(cls, world: World) -> "Table":
        if said := missing():
            raise InputError(said)
        import mujoco

        model = _spec(world).compile()
        return cls(world, model, mujoco.MjData(model))

    def simulate(self, start: Start, frames: int) -> np.ndarray:
        """Positions [10, T, 2] in metres, from one spacing after the start on; NaN where the engine fails."""
        import mujoco

        mujoco.mj_resetData(self.model, self.state)
        self._link(start)
        self.state.qpos[:], self.state.qvel[:] = start.places.ravel(), start.velocities.ravel()
        seen = np.empty((frames, BALLS, 2))
        for frame in range(frames):
            mujoco.mj_step(self.model, self.state, nstep=self.world.steps)
            seen[frame] = self.state.qpos.reshape(BALLS, 2)
        if self.state.warning.number.any():
            seen[:] = np.nan
        return seen.swapaxes(0, 1)

    def _link(self, start: Start) -> None:
        """Switch on the links of a scene, as long as their balls are apart, and switch off all others."""
        numbers = np.array([NUMBER[link] for link in start.links], dtype=int)
        ends = start.places[np.array(start.links, dtype=int).reshape(-1, 2)]  # [links, 2, 2]
        lengths = np.linalg.norm(ends[:, 0] - ends[:, 1], axis=1)
        springs, rigid = start.kinds == SPRING, start.kinds == RIGID
        model = self.model
        model.tendon_stiffness[:] = model.tendon_damping[:] = 0
        model.tendon_stiffness[numbers[springs]] = self.world.stiffness
        model.tendon_damping[numbers[springs]] = self.world.spring_damping
        model.tendon_lengthspring[numbers] = lengths[:, None]
        model.eq_data[numbers, 0] = lengths - model.tendon_length0[numbers]
        self.state.eq_active[:] = 0
        self.state.eq_active[numbers[rigid]] = 1


def _spec(world: World) -> "mujoco.MjSpec":
    """The table as MuJoCo's model editor has it, with every link switched off."""
    import mujoco

    spec = mujoco.MjSpec()
    spec.option.timestep = world.step
    spec.option.gravity = [0, 0, 0]
    touch = {"condim": 1, "solref": [-world.bounce, -world.bounce_damping]}  # negative: stiffness and damping
    for x, y in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        inwards, at = [-x, -y, 0], [x * world.half_width, y * world.half_width, 0]
        wall = {"type": mujoco.mjtGeom.mjGEOM_PLANE, "size": [2 * world.half_width, 2 * world.half_width, 1]}
        spec.worldbody.add_geom(pos=at, zaxis=inwards, contype=WALL, conaffinity=0, **wall, **touch)
    for ball, turn in enumerate(2 * np.pi * np.arange(BALLS) / BALLS):
        place = world.half_width / 2 * np.array([np.cos(turn), np.sin(turn)])  # apart, so that tendons have a direction
        body = spec.worldbody.add_body(pos=[*place, 0])
        for axis in range(2):
            slide = {"type": mujoco.mjtJoint.mjJNT_SLIDE, "axis": np.eye(3)[axis], "ref": place[axis]}
            body.add_joint(damping=world.drag, **slide)
        sphere = {"type": mujoco.mjtGeom.mjGEOM_SPHERE, "size": [world.radius, 0, 0], "mass": world.mass}
        body.add_geom(contype=BALL, conaffinity=WALL | BALL, **sphere, **touch)
        body.add_site(name=f"middle {ball}")
    for first, second in PAIRS:
        tendon = spec.add_tendon(name=f"link {first} {second}")
        tendon.wrap_site(f"middle {first}")
        tendon.wrap_site(f"middle {second}")
        hold = {"type": mujoco.mjtEq.mjEQ_TENDON, "name1": tendon.name, "active": False}
        spec.add_equality(solref=[2 * world.step, 1], solimp=HARD, **hold)
    return spec
