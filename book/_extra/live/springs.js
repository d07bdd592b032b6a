"use strict";
// Particles in a box, some pairs joined by springs without rest length (Kipf et al. 2018, section 5.1).
//
// As in the authors' simulator the first frame is the state after SAMPLE steps, and velocities lag positions by half a
// step. T frames, N objects; a state is [x, y, speed in x, speed in y].

{
  const STEP = 0.001;
  const SAMPLE = 100; // steps a frame

  /** Uniform numbers in [0, 1) that a seed fixes (mulberry32). */
  live.random = (seed) => () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };

  /** A number from the normal distribution (Box and Muller). */
  const normal = (random) => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

  /** A start as the paper draws it: states [N][4] and springs [N][N], each pair joined as likely as not. */
  live.drawSprings = (world, random) => {
    const objects = Array.from({ length: world.objects }, (_, object) => object);
    const states = objects.map(() => {
      const [x, y, u, v] = [0, 0, 0, 0].map(() => normal(random));
      const faster = world.speed / Math.hypot(u, v);
      return [world.spread * x, world.spread * y, faster * u, faster * v];
    });
    const springs = objects.map(() => objects.map(() => 0));
    for (const i of objects)
      for (const j of objects.slice(i + 1)) springs[i][j] = springs[j][i] = Math.floor(2 * random());
    return { states, springs };
  };

  /** The frames that follow a start: [T][N][4], in the simulator's units. */
  live.simulate = (world, { states, springs }, frames) => {
    let now = states.map((state) => reflected(world, state));
    return Array.from({ length: frames }, () => {
      for (let step = 0; step < SAMPLE; step++) now = stepped(world, now, springs);
      return now;
    });
  };

  function stepped(world, states, springs) {
    return states.map(([x, y, u, v], i) => {
      let [pullX, pullY] = [0, 0];
      states.forEach(([otherX, otherY], j) => {
        pullX -= world.spring * springs[i][j] * (x - otherX);
        pullY -= world.spring * springs[i][j] * (y - otherY);
      });
      [u, v] = [u + STEP * pullX, v + STEP * pullY];
      return reflected(world, [x + STEP * u, y + STEP * v, u, v]);
    });
  }

  /** A state mirrored at the walls that it is beyond. */
  function reflected({ wall }, [x, y, u, v]) {
    const [inX, inY] = [Math.abs(x) > wall, Math.abs(y) > wall];
    return [
      inX ? Math.sign(x) * 2 * wall - x : x,
      inY ? Math.sign(y) * 2 * wall - y : y,
      inX ? -Math.sign(x) * Math.abs(u) : u,
      inY ? -Math.sign(y) * Math.abs(v) : v,
    ];
  }

  /** Frames in the units of the networks, each feature from its range [low, high] to [-1, 1]. */
  live.scaled = ({ ranges }, motion) =>
    motion.map((states) =>
      states.map((state) =>
        state.map((value, d) => (2 * value - ranges[d][0] - ranges[d][1]) / (ranges[d][1] - ranges[d][0])),
      ),
    );

  // What all figures of a page show: one motion, which any of them may draw anew.
  const watching = [];
  let seed = 0;

  /** Call `show` with this motion, which is drawn where there is none yet, and with each that follows. */
  live.watchMotion = (world, show) => {
    watching.push(show);
    if (live.motion) show(live.motion);
    else live.drawMotion(world);
  };

  live.drawMotion = (world) => {
    const start = live.drawSprings(world, live.random(++seed));
    const frames = live.simulate(world, start, world.frames);
    live.motion = { springs: start.springs, frames, scaled: live.scaled(world, frames) };
    watching.forEach((show) => show(live.motion));
  };
}
