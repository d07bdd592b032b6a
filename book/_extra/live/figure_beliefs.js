"use strict";
// The reader guesses which particles are joined by springs; then the encoder's beliefs form; then the truth is shown.
//
// T frames, N objects, P pairs, K edge types.

{
  const PACE = 120; // milliseconds a frame

  /** Frames [T][N][D] of which only the first are known: the last of these stands in for those to come. */
  live.heldStill = (motion, known) => motion.map((states, frame) => (frame < known ? states : motion[known - 1]));

  live.figure("beliefs", (network) => {
    const { world } = network;
    const pairs = live.pairs(world.objects);
    const ends = live.edges(world.objects);
    let guess = pairs.map(() => 0); // [P]
    let beliefs = []; // [T][P], one after each frame
    let asked = false; // whether the network is looking

    const moving = live.movingPicture(world.objects);
    const mine = live.pairGraph(world.objects, "Your guess", (pair) => {
      if (asked) return;
      guess[pair] = 1 - guess[pair];
      redraw();
    });
    const its = live.pairGraph(world.objects, "What the network believes");
    const said = live.saying();
    const when = live.element("span");
    let frame = 0;
    const player = live.player({
      last: world.frames - 1,
      pace: PACE,
      label: "Frame",
      show: (to) => {
        frame = to;
        redraw();
      },
    });

    const last = () => frame === world.frames - 1;
    const truth = () => pairs.map(([i, j]) => live.motion.springs[i][j]); // [P]
    const right = (some) => some.filter((one, pair) => one > 0.5 === truth()[pair] > 0.5).length;

    /** Mean over both directions of the belief in a spring, after a number of frames: [P]. */
    function believed(known) {
      const found = live.believe(network, live.heldStill(live.motion.scaled, known)); // [E][K]
      const of = (sender, receiver) => found[ends.findIndex((edge) => edge.sender === sender && edge.receiver === receiver)];
      return pairs.map(([i, j]) => (of(i, j)[network.spring] + of(j, i)[network.spring]) / 2);
    }

    function redraw() {
      const told = asked && last();
      moving.show(frame);
      mine.show(guess, told ? truth() : null);
      if (asked) beliefs[frame] ??= believed(frame + 1);
      its.show(asked ? beliefs[frame] : pairs.map(() => 0), told ? truth() : null);
      when.textContent = `The motion, frame ${frame + 1} of ${world.frames}`;
      if (!asked) live.tell(said, "Watch, then click the pairs that you think are joined by a spring.");
      else if (!told) live.tell(said, "The network looks. The truth comes with the last frame.");
      else {
        const scores = `You: ${right(guess)} of ${pairs.length} pairs. The network: ${right(beliefs[frame])}.`;
        live.tell(said, live.element("strong", {}, scores), " Green is right, solid red is no spring, dashes are a missed one.");
      }
    }

    const look = live.button("Let the network look", () => {
      asked = true;
      look.disabled = true;
      player.reset();
      player.play();
    });
    const anew = live.button("New motion", () => live.nextMotion(world));

    live.watchMotion((motion) => {
      guess = pairs.map(() => 0);
      [beliefs, asked, look.disabled] = [[], false, false];
      moving.take(motion);
      player.reset();
    });
    if (!live.motion) live.nextMotion(world);
    return [
      live.element("div", { class: "controls" }, look, anew),
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
