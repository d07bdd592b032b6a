"use strict";
// Modular meta-learning (Alet et al. 2019): one node module, K edge modules, and the exact search for a graph.
//
// One step from a true frame, the error at a receiver depends on its own incoming edges only. So the best of all
// K^(N (N - 1)) graphs is made of the best of K^(N - 1) assignments of every receiver.
//
// F frames that are followed by another, N objects, D features, H units.

{
  const EDGE = ["0", "2", "4"]; // layers of an edge module, with ReLU after each
  const NODE = ["node.1", "node.3", "node.5"]; // layers of the node module after its first

  /** Every assignment of K modules to a receiver's senders: [K^senders][senders], the first sender slowest. */
  live.assignments = (senders, modules) =>
    Array.from({ length: modules ** senders }, (_, number) =>
      Array.from({ length: senders }, (_, place) => Math.floor(number / modules ** (senders - 1 - place)) % modules),
    );

  /**
   * What reaches a receiver, worked out once for all assignments.
   *
   * Args:
   *   network: weights; modules, K.
   *   motion: [F + 1][N][D], as lists.
   * Returns own [F, H], the receiver's own term; said [N - 1][K] of [F, H], what each sender adds through each
   * module; change [F][D], how the receiver's state really changes.
   */
  live.heardBy = ({ weights, modules }, motion, receiver) => {
    const now = motion.slice(0, -1);
    const own = now.map((states) => states[receiver]); // [F, D]
    const senders = motion[0].map((_, object) => object).filter((object) => object !== receiver);
    const said = senders.map((sender) => {
      const ends = live.fromLists(now.map((states) => [...states[sender], ...states[receiver]])); // [F, 2 D]
      return Array.from({ length: modules }, (_, kind) => {
        const layers = EDGE.map((layer) => `edges.${kind}.${layer}`);
        return live.linear(live.mlp(ends, weights, layers), weights["of_received.weight"]); // [F, H]
      });
    });
    return {
      said,
      own: live.linear(live.fromLists(own), weights["of_state.weight"], weights["of_state.bias"]),
      change: now.map((states, frame) => states[receiver].map((value, d) => motion[frame + 1][receiver][d] - value)),
    };
  };

  /** Mean over frames of log(squared error + least): how badly one assignment [N - 1] predicts a receiver. */
  live.scoreOf = ({ weights, least }, { own, said, change }, assignment) => {
    const total = live.tensor(own.shape, own.values.slice()); // [F, H]
    assignment.forEach((kind, sender) => {
      said[sender][kind].values.forEach((value, place) => (total.values[place] += value));
    });
    const predicted = live.mlp(live.relu(total), weights, NODE, true); // [F, D]
    const logs = change.map((moved, frame) => {
      const off = live.row(predicted, frame).map((value, feature) => value - moved[feature]); // [D]
      return Math.log(live.norm(off) ** 2 / off.length + least);
    });
    return logs.reduce((sum, log) => sum + log, 0) / logs.length;
  };
}
