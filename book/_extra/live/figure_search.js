"use strict";
// The exact search of modular meta-learning, graph by graph: every assignment of edge modules into every receiver.
//
// N objects, S = N - 1 senders, K edge modules, C = K^S assignments; step s scores assignment s % C of receiver s / C.

{
  const PACE = 180; // milliseconds an assignment
  const FEWER = [2, 5, 10, 20]; // frames that the search may read, beside all

  /**
   * The scores of one motion, worked out as they are asked for.
   *
   * Returns upTo(done) [done], best(receiver, done), the step of its best one so far or undefined, and
   * edges(step, className), those that are springs in the assignment of a step.
   */
  function search(network, assignments, senders, frames) {
    const [heard, scores] = [[], []];
    const receiverOf = (step) => Math.floor(step / assignments.length);
    const chosen = (step) => assignments[step % assignments.length];

    function upTo(done) {
      for (let step = scores.length; step < done; step++) {
        const receiver = receiverOf(step);
        heard[receiver] ??= live.heardBy(network, live.motion.scaled.slice(0, frames), receiver);
        scores.push(live.scoreOf(network, heard[receiver], chosen(step)));
      }
      return scores.slice(0, done);
    }
    function best(receiver, done) {
      const steps = assignments.map((_, place) => receiver * assignments.length + place).filter((step) => step < done);
      return steps.sort((one, other) => scores[one] - scores[other])[0];
    }
    const edges = (step, className) =>
      senders[receiverOf(step)]
        .filter((_, place) => chosen(step)[place] === network.spring)
        .map((sender) => ({ sender, receiver: receiverOf(step), className }));
    return { upTo, best, edges };
  }

  live.figure("search", (network) => {
    const { world, modules, spring } = network;
    const assignments = live.assignments(world.objects - 1, modules); // [C][S]
    const objects = Array.from({ length: world.objects }, (_, object) => object);
    const senders = objects.map((receiver) => objects.filter((object) => object !== receiver)); // [N][S]
    const count = assignments.length * objects.length;
    const choices = [...FEWER, world.frames];
    let frames = world.frames;
    let current = null; // the search that is shown

    const strips = live.assignmentStrips(assignments, spring, senders);
    const graph = live.arrowGraph(world.objects, "The best graph so far");
    const moving = live.movingPicture(world.objects);
    const said = live.saying();
    const sofar = live.element("span");
    const player = live.player({ last: count, pace: PACE, label: "Assignments scored", show });

    const joined = ({ sender, receiver }) => Boolean(live.motion.springs[sender][receiver]);

    function show(done) {
      const scores = current.upTo(done);
      const found = objects.map((receiver) => current.best(receiver, done)).filter((step) => step !== undefined);
      const kept = found.flatMap((step) => current.edges(step, ""));
      sofar.textContent = `${done} of ${count} scored: the shorter a bar, the better`;
      strips.show(scores, found);
      if (done === count) return judge(kept);
      graph.show([...kept, ...(done ? current.edges(done - 1, "tried") : [])]);
      live.tell(said, "Each bar scores one choice of edges into one receiver; the best of each is kept.");
    }

    function judge(kept) {
      const all = live.edges(world.objects);
      const there = (edge) => kept.some(({ sender, receiver }) => sender === edge.sender && receiver === edge.receiver);
      const right = all.filter((edge) => there(edge) === joined(edge)).length;
      const graphs = (assignments.length ** objects.length).toLocaleString("en");
      graph.show(kept.map((edge) => ({ ...edge, className: joined(edge) ? "" : "off" })));
      const words = live.element("strong", {}, `${right} of ${all.length} directed edges are right.`);
      live.tell(said, words, ` ${count} scores, ${frames} frames; the best of ${graphs} graphs.`);
    }

    function again() {
      current = search(network, assignments, senders, frames);
      moving.show(frames - 1);
      player.reset();
    }
    const reading = live.select("Frames that it reads", choices.map(String), (event) => {
      frames = choices[Number(event.target.value)];
      again();
    });
    reading.querySelector("select").value = choices.indexOf(frames);

    live.watchMotion(world, (motion) => {
      moving.take(motion);
      again();
    });
    return [
      live.element("div", { class: "controls" }, reading, live.newMotion(world)),
      player.row,
      said,
      live.element(
        "div",
        { class: "panels" },
        live.captioned(sofar, strips.picture),
        live.element(
          "div",
          { class: "pair" },
          live.captioned("The best so far", graph.picture),
          live.captioned("What it reads", moving.picture),
        ),
      ),
    ];
  });
}
