"use strict";
// A scene whose objects are dragged, or moved with the keys, and the map of all pairs' relations.
//
// N objects.

{
  const SQUARE = 0;
  const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const FAST = 5; // pixels, with Shift
  const THICKEST = 2.4; // of a line, in pixels
  const WEAKEST = 0.35; // share of the strongest relation that is still drawn
  const CELL = 10; // side of a cell of the map

  const paint = (rgb) => `rgb(${rgb.join(" ")})`;

  /**
   * The scene.
   *
   * Args:
   *   moved: called with an object and the place {x, y} where it is wished.
   *   stepped: called with an object, a direction and a number of pixels.
   *   turned: called with an object whose shape is to change.
   * Returns picture, and show(things, colour, relations): the relations are [i, j, strength] in 0..1.
   */
  live.shapesPicture = (network, { moved, stepped, turned }) => {
    const { image, half, colours, rgb, shapes } = network;
    let things = [];
    const nodes = colours.map((_, object) => {
      const node = live.drawn(
        "g",
        { class: "thing", tabindex: 0, role: "button" },
        live.drawn("path", { fill: paint(rgb[object]) }),
      );
      node.addEventListener("keydown", (event) => pressed(event, object));
      node.addEventListener("dblclick", () => turned(object));
      node.addEventListener("pointerdown", (event) => drag(event, object));
      return node;
    });
    const lines = live.drawn("g");
    const ground = live.drawn("rect", { width: image, height: image, class: "ground" });
    const box = { viewBox: `0 0 ${image} ${image}`, role: "group", "aria-label": "The scene" };
    const picture = live.drawn("svg", box, ground, ...nodes, lines);

    function pressed(event, object) {
      const turns = event.key === "Enter" || event.key === " ";
      if (!turns && !KEYS[event.key]) return;
      event.preventDefault();
      if (turns) turned(object);
      else stepped(object, KEYS[event.key], event.shiftKey ? FAST : 1);
    }

    function drag({ clientX, clientY, pointerId }, object) {
      const [node, { x, y }] = [nodes[object], things[object]];
      const scale = image / picture.getBoundingClientRect().width;
      const follow = (event) =>
        moved(object, {
          x: Math.round(x + scale * (event.clientX - clientX)),
          y: Math.round(y + scale * (event.clientY - clientY)),
        });
      node.setPointerCapture(pointerId);
      node.onpointermove = follow;
      node.onpointerup = node.onpointercancel = () => (node.onpointermove = null);
    }

    const outline = ({ x, y, shape }) =>
      shape === SQUARE
        ? `M${x - half} ${y - half}h${2 * half}v${2 * half}h${-2 * half}z`
        : `M${x - half} ${y}a${half} ${half} 0 1 0 ${2 * half} 0a${half} ${half} 0 1 0 ${-2 * half} 0z`;

    /** A line between two objects, or a ring around one that is paired with itself. */
    function relation([i, j, strength]) {
      const look = { class: "relation", "stroke-width": THICKEST * strength, opacity: strength };
      const [one, other] = [things[i], things[j]];
      return i === j
        ? live.drawn("circle", { cx: one.x, cy: one.y, r: half + 2.2, ...look })
        : live.drawn("line", { x1: one.x, y1: one.y, x2: other.x, y2: other.y, ...look });
    }

    function show(now, colour, relations) {
      things = now;
      nodes.forEach((node, object) => {
        const { x, y, shape } = things[object];
        node.firstChild.setAttribute("d", outline(things[object]));
        node.classList.toggle("asked", object === colour);
        node.setAttribute("aria-label", `${colours[object]} ${shapes[shape]} at ${x}, ${y}`);
      });
      lines.replaceChildren(...relations.filter(([, , strength]) => strength > WEAKEST).map(relation));
    }
    return { picture, show };
  };

  /**
   * The map of all pairs.
   *
   * Args:
   *   light: called with a pair [i, j] that is pointed at, or with null.
   * Returns picture, and show(strengths, lit, words): strengths [N][N] in 0..1, and what the map says in words.
   */
  live.relationMap = ({ colours, rgb }, light) => {
    const cells = colours.map((_, i) =>
      colours.map((_, j) => {
        const place = { x: CELL * (j + 1), y: CELL * (i + 1), width: CELL, height: CELL };
        const lit = () => light([i, j]);
        return live.drawn("rect", { ...place, onpointerenter: lit, onclick: lit, onpointerleave: () => light(null) });
      }),
    );
    const heads = rgb.flatMap((one, object) => {
      const at = CELL * (object + 1.5);
      const look = { r: 3, fill: paint(one), stroke: "gray", "stroke-width": 0.2 };
      return [
        { cx: at, cy: CELL / 2 },
        { cx: CELL / 2, cy: at },
      ].map((place) => live.drawn("circle", { ...place, ...look }));
    });
    const side = CELL * (colours.length + 1);
    const box = { viewBox: `0 0 ${side} ${side}`, class: "map", role: "img" };
    const picture = live.drawn("svg", box, ...heads, ...cells.flat());

    function show(strengths, lit, words) {
      cells.forEach((row, i) =>
        row.forEach((cell, j) => {
          cell.setAttribute("fill-opacity", (0.04 + 0.96 * strengths[i][j]).toFixed(3));
          cell.setAttribute("class", lit && lit[0] === i && lit[1] === j ? "lit" : "");
        }),
      );
      picture.setAttribute("aria-label", `Lengths of the relations of all pairs. ${words}`);
    }
    return { picture, show };
  };
}
