"use strict";
// Objects that the reader drags, a question, and at once the answer and the lengths |g| of all pairs' relations.
//
// N objects, one of each colour; places are whole pixels of the pictures that the network's scenes were drawn in.

{
  const SQUARE = 0;
  const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const CELL = 10; // side of a cell of the map
  const THICKEST = 2.4;

  live.figure("relations", (network) => {
    const { half, image, colours, rgb, questions, words } = network;
    const side = 2 * half + 1;
    const random = live.random(3);

    // Scenes as those that the network has learned from: no overlap, nobody on the middle lines.

    const whole = (least, most) => least + Math.floor((most - least + 1) * random());
    const middle = (image - 1) / 2;
    const inside = ({ x, y }) => [x, y].every((at) => at >= half && at < image - half && at !== middle);
    const apart = (one, other) => Math.max(Math.abs(one.x - other.x), Math.abs(one.y - other.y)) >= side;
    const fits = (one, others) => inside(one) && others.every((other) => apart(one, other));

    function draw() {
      for (;;) {
        const drawn = colours.map(() => ({ x: whole(half, image - half - 1), y: whole(half, image - half - 1), shape: whole(0, 1) }));
        if (drawn.every((one, place) => fits(one, drawn.slice(0, place)))) return drawn;
      }
    }

    let things = draw(); // [N] of {x, y, shape}
    let [asked, colour, lit] = [0, 0, null]; // the number of the question, the object that it names, a pair

    /** An object as near to a place as the others let it be, along x and then along y. */
    function move(object, x, y) {
      const others = things.filter((_, other) => other !== object);
      for (const wish of [{ x, y }, { x }, { y }]) {
        const moved = { ...things[object], ...wish };
        if (!fits(moved, others)) continue;
        things[object] = moved;
        return update();
      }
    }

    function step(object, [dx, dy], size) {
      const over = ({ x, y }) => ({ x: x === middle ? x + dx : x, y: y === middle ? y + dy : y });
      const { x, y } = over({ x: things[object].x + size * dx, y: things[object].y + size * dy });
      move(object, x, y);
    }

    function reshape(object) {
      things[object].shape = 1 - things[object].shape;
      update();
    }

    // What the network reads, and what is true.

    const oneHot = (count, place) => Array.from({ length: count }, (_, other) => Number(other === place));
    const features = ({ x, y, shape }, object) => [
      (x - middle) / middle,
      (y - middle) / middle,
      ...oneHot(colours.length, object),
      ...oneHot(2, shape),
    ]; // [D]
    const bits = () => [...oneHot(colours.length, colour), ...oneHot(2, asked < 3 ? 0 : 1), ...oneHot(3, asked % 3)]; // [Q]

    /** The right answer, or null where two objects are equally close or far. */
    function truth() {
      const one = things[colour];
      const ranked = things
        .filter((other) => other !== one)
        .map((other) => ({ ...other, distance: (other.x - one.x) ** 2 + (other.y - one.y) ** 2 }))
        .sort((some, other) => some.distance - other.distance);
      const shape = ([first, second]) => (first.distance === second.distance ? null : network.shapes[first.shape]);
      return [
        () => shape(ranked),
        () => shape(ranked.reverse()),
        () => String(things.filter((other) => other.shape === one.shape).length),
        () => network.shapes[one.shape],
        () => network.sides[0][Number(one.x > middle)],
        () => network.sides[1][Number(one.y > middle)],
      ][asked]();
    }

    // The scene.

    const paint = (object) => `rgb(${rgb[object].join(" ")})`;
    const shapes = colours.map((name, object) => {
      const body = live.drawn("path", { fill: paint(object) });
      const thing = live.drawn("g", { class: "thing", tabindex: 0, role: "button" }, body);
      thing.addEventListener("keydown", (event) => {
        const turn = event.key === "Enter" || event.key === " ";
        if (!turn && !KEYS[event.key]) return;
        event.preventDefault();
        turn ? reshape(object) : step(object, KEYS[event.key], event.shiftKey ? 5 : 1);
      });
      thing.addEventListener("pointerdown", (event) => drag(event, object));
      thing.addEventListener("dblclick", () => reshape(object));
      return thing;
    });
    const lines = live.drawn("g");
    const ground = live.drawn("rect", { width: image, height: image, class: "ground" });
    const scene = live.drawn("svg", { viewBox: `0 0 ${image} ${image}`, role: "group", "aria-label": "The scene" }, ground, ...shapes, lines);

    function drag(event, object) {
      const scale = image / scene.getBoundingClientRect().width;
      const start = { ...things[object], left: event.clientX, top: event.clientY };
      const moved = ({ clientX, clientY }) =>
        move(object, ...[start.x + scale * (clientX - start.left), start.y + scale * (clientY - start.top)].map(Math.round));
      shapes[object].setPointerCapture(event.pointerId);
      shapes[object].onpointermove = moved;
      shapes[object].onpointerup = shapes[object].onpointercancel = () => (shapes[object].onpointermove = null);
    }

    const outline = ({ x, y, shape }) =>
      shape === SQUARE
        ? `M${x - half} ${y - half}h${2 * half}v${2 * half}h${-2 * half}z`
        : `M${x - half} ${y}a${half} ${half} 0 1 0 ${2 * half} 0a${half} ${half} 0 1 0 ${-2 * half} 0z`;

    /** A line between two objects, or a ring around one that is paired with itself. */
    function relation(i, j, strength) {
      const look = { class: "relation", "stroke-width": THICKEST * strength, opacity: strength };
      const [one, other] = [things[i], things[j]];
      return i === j
        ? live.drawn("circle", { cx: one.x, cy: one.y, r: half + 2.2, ...look })
        : live.drawn("line", { x1: one.x, y1: one.y, x2: other.x, y2: other.y, ...look });
    }

    // The map of all pairs.

    const last = CELL * (colours.length + 1);
    const cells = colours.map((_, i) =>
      colours.map((_, j) => {
        const light = (to) => () => ((lit = to), update());
        const place = { x: CELL * (j + 1), y: CELL * (i + 1), width: CELL, height: CELL };
        const on = { onpointerenter: light([i, j]), onpointerleave: light(null), onclick: light([i, j]) };
        return live.drawn("rect", { ...place, ...on });
      }),
    );
    const heads = colours.flatMap((_, object) => {
      const at = CELL * (object + 1) + CELL / 2;
      const look = { r: 3, fill: paint(object), stroke: "gray", "stroke-width": 0.2 };
      return [live.drawn("circle", { cx: at, cy: CELL / 2, ...look }), live.drawn("circle", { cx: CELL / 2, cy: at, ...look })];
    });
    const map = live.drawn("svg", { viewBox: `0 0 ${last} ${last}`, class: "map", role: "img" }, ...heads, ...cells.flat());

    const said = live.saying();
    const pair = live.element("p", { class: "origin" });

    function update() {
      const { logits, lengths } = live.relate(network, things.map(features), bits());
      const chances = live.softmax(logits);
      const best = chances.indexOf(Math.max(...chances));
      answer(words[best], chances[best], truth());
      const all = lengths.flat();
      const [least, most] = [Math.min(...all), Math.max(...all)];
      const strength = (i, j) => (lengths[i][j] - least) / (most - least || 1);
      shapes.forEach((shape, object) => {
        const { x, y, shape: kind } = things[object];
        shape.firstChild.setAttribute("d", outline(things[object]));
        shape.classList.toggle("asked", object === colour);
        shape.setAttribute("aria-label", `${colours[object]} ${network.shapes[kind]} at ${x}, ${y}`);
      });
      cells.forEach((row, i) =>
        row.forEach((cell, j) => {
          cell.setAttribute("fill-opacity", (0.04 + 0.96 * strength(i, j)).toFixed(3));
          cell.setAttribute("class", lit && lit[0] === i && lit[1] === j ? "lit" : "");
        }),
      );
      const drawn = lit ? [[...lit, 1]] : pairs().map(([i, j]) => [i, j, Math.max(strength(i, j), strength(j, i))]);
      lines.replaceChildren(...drawn.filter((one) => one[2] > 0.35).map((one) => relation(...one)));
      const [i, j] = lit ?? [0, 0].map((_, end) => (end ? all.indexOf(most) % colours.length : Math.floor(all.indexOf(most) / colours.length)));
      const name = lit ? "This pair" : "The longest";
      pair.textContent = `${name}: ${colours[i]} with ${i === j ? "itself" : colours[j]}, |g| = ${lengths[i][j].toFixed(2)}; all lie from ${least.toFixed(2)} to ${most.toFixed(2)}.`;
      map.setAttribute("aria-label", `Lengths of the relations of all pairs. ${pair.textContent}`);
    }

    const pairs = () => colours.flatMap((_, i) => colours.slice(i).map((_, j) => [i, i + j]));

    function answer(word, chance, right) {
      const verdict = right === null ? "It is a tie: no answer is right." : word === right ? "✓ right" : `✗ it is ${right}`;
      const mark = right === null ? "" : word === right ? "right" : "wrong";
      const percent = ` (${(100 * chance).toFixed(1)} %) `;
      live.tell(said, "The network answers ", live.element("strong", {}, word), percent, live.element("span", { class: mark }, verdict));
    }

    const ask = live.select("Question", questions.map((text) => text.replace("{}", "…")), (event) => {
      asked = Number(event.target.value);
      update();
    });
    const name = live.select("about", colours, (event) => {
      colour = Number(event.target.value);
      update();
    });
    const turn = live.button("Square ↔ circle", () => reshape(colour));
    const anew = live.button("New scene", () => ((things = draw()), update()));
    update();
    return [
      live.element("div", { class: "controls" }, ask, name, turn, anew),
      said,
      live.element(
        "div",
        { class: "panels" },
        live.captioned("The scene: drag the objects", scene),
        live.captioned("|g| of every pair: row first, column second", map, pair),
      ),
    ];
  });
}
