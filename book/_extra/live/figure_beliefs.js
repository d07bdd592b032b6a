"use strict";
// The reader guesses which particles are joined by springs; then the encoder's beliefs form; then the truth is shown.
//
// T frames, N objects, D features, P pairs, E edges, K edge types.

{
  const PACE = 120; // milliseconds a frame

  /** Frames [T][N][D] of which only the first are known: the last of these stands in for those to come. */
  const heldStill = (motion, known) => motion.map((states, frame) => (frame < known ? states : motion[known - 1]));

  /** The belief in a spring, as the mean over both directions, after a number of frames: [P]. */
  function believed(network, motion, known) {
    const found = live.believe(network, heldStill(motion, known)); // [E][K]
    const ends = live.edges(network.world.objects);
    const joins = (edge, pair) => pair.includes(edge.sender) && pair.includes(edge.receiver);
    return live.pairs(network.world.objects).map((pair) => {
      const [there, back] = found.filter((_, edge) => joins(ends[edge], pair));
      return (there[network.spring] + back[network.spring]) / 2;
    });
  }

  live.figure("beliefs", (network) => {
    const { world } = network;
    const pairs = live.pairs(world.objects);
    const none = pairs.map(() => 0);
    let guess = none; // [P]
    let beliefs = []; // [T][P], one after each frame, as far as they are asked for
    let asked = false; // whether the network is looking
    let frame = 0;

    const moving = live.movingPicture(world.objects);
    const mine = live.pairGraph(world.objects, "Your guess", pressed);
    const its = live.pairGraph(world.objects, "What the network believes");
    const said = live.saying();
    const when = live.element("span");
    const player = live.player({ last: world.frames - 1, pace: PACE, label: "Frame", show });
    const look = live.button("Let the network look", () => {
      [asked, look.disabled] = [true, true];
      player.reset();
      player.play();
    });

    function pressed(pair) {
      if (asked) return;
      guess = guess.map((one, other) => (other === pair ? 1 - one : one));
      show(frame);
    }

    function show(to) {
      frame = to;
      if (asked) beliefs[frame] ??= believed(network, live.motion.scaled, frame + 1);
      const ends = asked && frame === world.frames - 1;
      const truth = ends ? pairs.map(([i, j]) => live.motion.springs[i][j]) : null; // [P]
      moving.show(frame);
      mine.show(guess, truth);
      its.show(asked ? beliefs[frame] : none, truth);
      when.textContent = `The motion, frame ${frame + 1} of ${world.frames}`;
      if (truth) live.tell(said, ...scored(truth));
      else if (asked) live.tell(said, "The network looks. The truth comes with the last frame.");
      else live.tell(said, "Watch, then click the pairs that you think are joined by a spring.");
    }

    function scored(truth) {
      const right = (some) => some.filter((one, pair) => one > 0.5 === truth[pair] > 0.5).length;
      const words = `You: ${right(guess)} of ${pairs.length} pairs. The network: ${right(beliefs[frame])}.`;
      return [live.element("strong", {}, words), " Green is right, solid red is no spring, dashes are a missed one."];
    }

    live.watchMotion(world, (motion) => {
      [guess, beliefs, asked, look.disabled] = [none, [], false, false];
      moving.take(motion);
      player.reset();
    });
    return [
      live.element("div", { class: "controls" }, look, live.newMotion(world)),
      player.row,
      said,
      live.element(
        "div",
        { class: "trio" },
        live.captioned(when, moving.picture),
        live.captioned("Your guess", mine.picture),
        live.captioned("Its beliefs", its.picture),
      ),
    ];
  });
}
