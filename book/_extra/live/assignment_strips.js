"use strict";
// Scores of assignments: a strip a receiver, a bar an assignment, and under it a dot a sender.
//
// N objects, S = N - 1 senders, C assignments.

{
  const WIDE = 11; // of an assignment
  const TALL = 52; // of a receiver
  const HIGH = 22; // of the largest bar
  const LOW = 2; // of the smallest
  const DOT = 5; // between dots
  const LEFT = 22;

  const left = (place) => LEFT + WIDE * place;
  const below = (receiver, sender) => receiver * TALL + HIGH + 6 + DOT * sender;

  /**
   * Args:
   *   assignments: [C][S].
   *   spring: the module whose dots are filled.
   *   senders: of every receiver, [N][S].
   * Returns picture, and show(scores, best): the scores that are known, receiver after receiver, and which are best.
   */
  live.assignmentStrips = (assignments, spring, senders) => {
    const each = (draw) =>
      senders.flatMap((_, receiver) => assignments.map((one, place) => draw(receiver, place, one)));
    const bars = each((_, place) => live.drawn("rect", { x: left(place) + 2, width: WIDE - 4 }));
    const dots = each((receiver, place, assignment) =>
      assignment.map((kind, sender) => {
        const look = { r: 1.5, class: kind === spring ? "dot on" : "dot" };
        return live.drawn("circle", { cx: left(place + 0.5), cy: below(receiver, sender), ...look });
      }),
    );
    const names = senders.flatMap((others, receiver) => {
      const dot = live.particle(receiver, 6);
      live.place(dot, [8, receiver * TALL + HIGH - 6]);
      const letter = (sender, place) =>
        live.drawn("text", { x: LEFT - 5, y: below(receiver, place) + 1.7, "font-size": DOT }, live.LETTERS[sender]);
      return [dot, ...others.map(letter)];
    });
    const box = { viewBox: `0 -2 ${left(assignments.length)} ${TALL * senders.length}`, role: "img" };
    const label = { "aria-label": "Scores of all assignments" };
    const picture = live.drawn("svg", { ...box, ...label }, ...bars, ...dots.flat(), ...names);

    function show(scores, best) {
      const [least, most] = [Math.min(...scores), Math.max(...scores)];
      bars.forEach((bar, place) => {
        const known = place < scores.length;
        const height = known ? LOW + ((HIGH - LOW) * (scores[place] - least)) / (most - least || 1) : 0;
        const foot = Math.floor(place / assignments.length) * TALL + HIGH;
        bar.setAttribute("height", height);
        bar.setAttribute("y", foot - height);
        bar.setAttribute("class", best.includes(place) ? "bar best" : place === scores.length - 1 ? "bar now" : "bar");
      });
    }
    return { picture, show };
  };
}
