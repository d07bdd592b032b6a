"use strict";
// What the figures on springs draw: particles that move in a box, and a graph on a circle whose edges can be clicked.
//
// T frames, N objects, P pairs: (0, 1), (0, 2), ..., (N - 2, N - 1).

{
  const SIDE = 100;
  const RADIUS = { moving: 4, still: 9 };
  const TRAIL = 12; // frames

  live.newMotion = (world) => live.button("New motion", () => live.drawMotion(world));

  live.pairs = (count) =>
    Array.from({ length: count }, (_, i) => i).flatMap((i) =>
      Array.from({ length: count - i - 1 }, (_, j) => [i, i + 1 + j]),
    );

  /** Particles in motion: `show(frame)` draws them with the last part of their paths, `take(motion)` changes them. */
  live.movingPicture = (count) => {
    const trails = live.COLOURS.slice(0, count).map((stroke) => live.drawn("polyline", { class: "trail", stroke }));
    const dots = trails.map((_, object) => live.particle(object, RADIUS.moving));
    const ground = live.drawn("rect", { width: SIDE, height: SIDE, class: "ground" });
    const box = { viewBox: `0 0 ${SIDE} ${SIDE}`, role: "img", "aria-label": "Particles that move" };
    const picture = live.drawn("svg", box, ground, ...trails, ...dots);
    let places = [];

    /** Frames [T][N][4] so that all of the motion fills the picture. */
    function take({ frames }) {
      const ends = [0, 1].map((axis) => {
        const all = frames.flat().map((state) => state[axis]);
        return [Math.min(...all), Math.max(...all)];
      });
      const scale = (SIDE - 4 * RADIUS.moving) / Math.max(...ends.map(([low, high]) => high - low));
      const at = (state) =>
        [0, 1].map((axis) => SIDE / 2 + scale * (state[axis] - (ends[axis][0] + ends[axis][1]) / 2));
      places = frames.map((states) => states.map(at));
    }
    function show(frame) {
      dots.forEach((dot, object) => live.place(dot, places[frame][object]));
      trails.forEach((trail, object) => {
        const path = places.slice(Math.max(0, frame - TRAIL), frame + 1).map((states) => states[object]);
        trail.setAttribute("points", path.map((place) => place.map((at) => at.toFixed(2)).join()).join(" "));
      });
    }
    return { picture, take, show };
  };

  /**
   * A graph of all pairs on a circle.
   *
   * Args:
   *   pressed: called with the number of a pair whose edge was pressed; without it nothing can be pressed.
   * Returns the picture, and `show(beliefs, truth)`: beliefs [P] in 0..1, and truth [P] or null while it is hidden.
   */
  live.pairGraph = (count, label, pressed) => {
    const places = live.circle(count, SIDE / 2, SIDE / 2 - RADIUS.still - 2);
    const pairs = live.pairs(count);
    const edges = pairs.map(([i, j], pair) => {
      const ends = { x1: places[i][0], y1: places[i][1], x2: places[j][0], y2: places[j][1] };
      const line = (className) => live.drawn("line", { ...ends, class: className });
      const edge = live.drawn("g", { class: "edge" }, line("path"), line("missed"), line("belief"), line("reach"));
      if (!pressed) return edge;
      edge.setAttribute("role", "checkbox");
      edge.setAttribute("aria-label", `spring between ${live.LETTERS[i]} and ${live.LETTERS[j]}`);
      edge.classList.add("open");
      return live.pressable(edge, () => pressed(pair));
    });
    const dots = places.map((place, object) => {
      const dot = live.particle(object, RADIUS.still);
      live.place(dot, place);
      return dot;
    });
    const box = { viewBox: `0 0 ${SIDE} ${SIDE}`, role: pressed ? "group" : "img", "aria-label": label };
    const picture = live.drawn(
      "svg",
      box,
      live.drawn("rect", { width: SIDE, height: SIDE, class: "ground" }),
      ...edges,
      ...dots,
    );

    function show(beliefs, truth) {
      edges.forEach((edge, pair) => {
        const [, missed, belief] = edge.children;
        const believed = beliefs[pair] > 0.5;
        belief.setAttribute("stroke-width", 0.3 + 3.2 * beliefs[pair]);
        belief.setAttribute("opacity", beliefs[pair] < 0.02 ? 0 : 0.15 + 0.85 * beliefs[pair]);
        belief.classList.toggle("right", truth !== null && truth[pair] && believed);
        belief.classList.toggle("wrong", truth !== null && !truth[pair] && believed);
        missed.setAttribute("opacity", Number(truth !== null && truth[pair] && !believed));
        if (pressed) edge.setAttribute("aria-checked", believed);
      });
    }
    return { picture, show };
  };

  /** Arrows into receivers: `show([{sender, receiver, className}])`. */
  live.arrowGraph = (count, label) => {
    const places = live.circle(count, SIDE / 2, SIDE / 2 - RADIUS.still - 2);
    const arrows = live.drawn("g");
    const dots = places.map((place, object) => {
      const dot = live.particle(object, RADIUS.still);
      live.place(dot, place);
      return dot;
    });
    const box = { viewBox: `0 0 ${SIDE} ${SIDE}`, role: "img", "aria-label": label };
    const picture = live.drawn(
      "svg",
      box,
      live.drawn("rect", { width: SIDE, height: SIDE, class: "ground" }),
      arrows,
      ...dots,
    );

    /** From the rim of the sender to that of the receiver, to the right of the middle, so that both directions show. */
    function path(sender, receiver) {
      const [[x1, y1], [x2, y2]] = [places[sender], places[receiver]];
      const length = Math.hypot(x2 - x1, y2 - y1);
      const [ux, uy] = [(x2 - x1) / length, (y2 - y1) / length];
      const at = (along, aside) =>
        [x1 + along * ux - aside * uy, y1 + along * uy + aside * ux].map((v) => v.toFixed(2)).join(" ");
      const tip = length - RADIUS.still - 1;
      return `M${at(RADIUS.still + 1, 2)}L${at(tip, 2)}M${at(tip - 5, 5)}L${at(tip, 2)}L${at(tip - 5, -1)}`;
    }
    const show = (shown) =>
      arrows.replaceChildren(
        ...shown.map(({ sender, receiver, className = "" }) =>
          live.drawn("path", { class: `arrow ${className}`, d: path(sender, receiver) }),
        ),
      );
    return { picture, show };
  };
}
