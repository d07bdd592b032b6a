"use strict";
// The exact search of modular meta-learning, graph by graph: every assignment of edge modules into every receiver.
//
// N objects, S = N - 1 senders, K edge modules, C = K^S assignments; step s scores assignment s % C of receiver s / C.

{
  const PACE = 180; // milliseconds an assignment
  const FRAMES = [2, 5, 10, 20]; // that the search may read, beside all
  const [WIDE, TALL, HIGH, DOT] = [11, 52, 22, 5]; // of an assignment, of a receiver, of the largest bar, between dots
  const LEFT = 22;

  live.figure("search", (network) => {
    const { world, modules, spring } = network;
    const all = live.assignments(world.objects - 1, modules); // [C][S]
    const objects = Array.from({ length: world.objects }, (_, object) => object);
    const senders = (receiver) => objects.filter((object) => object !== receiver);
    const choices = [...FRAMES, world.frames];
    let frames = choices[choices.length - 1];
    let heard = []; // by receiver, worked out as it is its turn
    let scores = []; // [N C], as far as they are known
    let done = 0; // assignments that are scored and shown

    const score = (step) => {
      const receiver = Math.floor(step / all.length);
      heard[receiver] ??= live.heardBy(network, live.motion.scaled.slice(0, frames), receiver);
      return live.scoreOf(network, heard[receiver], all[step % all.length]);
    };

    /** The step of the best assignment of a receiver among those that are scored; -1 before the first. */
    function best(receiver) {
      const from = receiver * all.length;
      const some = scores.slice(from, Math.min(done, from + all.length));
      return some.length ? from + some.indexOf(Math.min(...some)) : -1;
    }

    const edges = (step, className) => {
      const receiver = Math.floor(step / all.length);
      return senders(receiver)
        .filter((_, place) => all[step % all.length][place] === spring)
        .map((sender) => ({ sender, receiver, className }));
    };

    // A strip a receiver: a bar an assignment, and under it a dot a sender, filled where the spring's module is at work.

    const bars = objects.flatMap((receiver) =>
      all.map((_, place) => live.drawn("rect", { class: "bar", x: LEFT + WIDE * place + 2, width: WIDE - 4, y: receiver * TALL })),
    );
    const dots = objects.flatMap((receiver) =>
      all.flatMap((assignment, place) =>
        assignment.map((kind, sender) => {
          const at = { cx: LEFT + WIDE * (place + 0.5), cy: receiver * TALL + HIGH + 6 + DOT * sender, r: 1.5 };
          return live.drawn("circle", { ...at, class: kind === spring ? "dot on" : "dot" });
        }),
      ),
    );
    const names = objects.flatMap((receiver) => {
      const dot = live.particle(receiver, 6);
      live.place(dot, [8, receiver * TALL + HIGH - 6]);
      const letters = senders(receiver).map((sender, place) =>
        live.drawn("text", { x: LEFT - 5, y: receiver * TALL + HIGH + 7.5 + DOT * place, "font-size": 5 }, live.LETTERS[sender]),
      );
      return [dot, ...letters];
    });
    const size = `0 -2 ${LEFT + WIDE * all.length} ${TALL * world.objects}`;
    const strips = live.drawn("svg", { viewBox: size, role: "img", "aria-label": "Scores of all assignments" }, ...bars, ...dots, ...names);
    const graph = live.arrowGraph(world.objects, "The best graph so far");
    const moving = live.movingPicture(world.objects);
    const said = live.saying();
    const sofar = live.element("span");

    function show(step) {
      for (let next = scores.length; next < step; next++) scores.push(score(next));
      done = step;
      const seen = scores.slice(0, done);
      const [least, most] = [Math.min(...seen), Math.max(...seen)];
      const found = objects.map(best);
      bars.forEach((bar, place) => {
        const height = place < done ? 2 + ((HIGH - 2) * (scores[place] - least)) / (most - least || 1) : 0;
        bar.setAttribute("height", height);
        bar.setAttribute("y", Math.floor(place / all.length) * TALL + HIGH - height);
        bar.setAttribute("class", `bar ${found.includes(place) ? "best" : place === done - 1 ? "now" : ""}`);
      });
      const over = done === all.length * objects.length;
      const kept = found.filter((one) => one >= 0).flatMap((one) => edges(one, ""));
      const wrong = ({ sender, receiver }) => !live.motion.springs[sender][receiver];
      if (over) kept.filter(wrong).forEach((edge) => (edge.className = "off"));
      graph.show([...kept, ...(done && !over ? edges(done - 1, "tried") : [])]);
      tell(over, kept);
    }

    function tell(over, kept) {
      const count = all.length * objects.length;
      sofar.textContent = `${done} of ${count} scored: the shorter a bar, the better`;
      if (!over) {
        return live.tell(said, "Each bar scores one choice of edges into one receiver; the best of each is kept.");
      }
      const there = (sender, receiver) => kept.some((edge) => edge.sender === sender && edge.receiver === receiver);
      const right = live.edges(world.objects).filter(({ sender, receiver }) => there(sender, receiver) === Boolean(live.motion.springs[sender][receiver]));
      const graphs = (all.length ** objects.length).toLocaleString("en");
      const words = `${right.length} of ${live.edges(world.objects).length} directed edges are right.`;
      live.tell(said, live.element("strong", {}, words), ` ${count} scores, ${frames} frames; the best of ${graphs} graphs.`);
    }

    const player = live.player({ last: all.length * objects.length, pace: PACE, label: "Assignments scored", show });
    function again() {
      [heard, scores] = [[], []];
      moving.show(frames - 1);
      player.reset();
    }
    const reading = live.select("Frames that it reads", choices.map(String), (event) => {
      frames = choices[Number(event.target.value)];
      again();
    });
    reading.querySelector("select").value = choices.length - 1;
    const anew = live.button("New motion", () => live.nextMotion(world));

    live.watchMotion((motion) => {
      moving.take(motion);
      again();
    });
    if (!live.motion) live.nextMotion(world);
    return [
      live.element("div", { class: "controls" }, reading, anew),
      player.row,
      said,
      live.element(
        "div",
        { class: "panels" },
        live.captioned(sofar, strips),
        live.element("div", { class: "pair" }, live.captioned("The best so far", graph.picture), live.captioned("What it reads", moving.picture)),
      ),
    ];
  });
}
