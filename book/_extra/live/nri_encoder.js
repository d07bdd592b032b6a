"use strict";
// The encoder of neural relational inference (Kipf et al. 2018, section 3.1): trajectories -> beliefs in edge types.
//
// T frames, N objects, D features, H units, K edge types. Edges are in rows, receiver after receiver, the senders of
// each in ascending order: E = N (N - 1).

{
  /** The ends of all edges: [{sender, receiver}] of E. */
  live.edges = (count) => {
    const objects = Array.from({ length: count }, (_, object) => object);
    return objects.flatMap((receiver) =>
      objects.filter((sender) => sender !== receiver).map((sender) => ({ sender, receiver })),
    );
  };

  /** Two layers of ELU, then batch norm, on lists of numbers: [R, I] -> [R, H]. */
  function edgeMLP(weights, name, rows) {
    const layer = (of, inputs) =>
      live.elu(live.linear(inputs, weights[`${name}.${of}.weight`], weights[`${name}.${of}.bias`]));
    return live.batchNorm(layer("rest.2", layer("first", live.fromLists(rows))), {
      weight: weights[`${name}.norm.weight`],
      bias: weights[`${name}.norm.bias`],
      mean: weights[`${name}.norm.running_mean`],
      variance: weights[`${name}.norm.running_var`],
    });
  }

  /**
   * Args:
   *   network: weights; frames, how many it reads; types, K.
   *   motion: [T][N][D], as lists; T is `frames`.
   * Returns beliefs [E][K], which sum to 1 over the types.
   */
  live.believe = ({ weights, frames, types }, motion) => {
    if (motion.length !== frames) throw new Error(`this encoder reads ${frames} frames, not ${motion.length}`);
    const count = motion[0].length;
    const ends = live.edges(count);
    const paths = motion[0].map((_, object) => motion.flatMap((states) => states[object])); // [N, T D]
    const embedded = edgeMLP(weights, "embed", paths); // [N, H]
    const first = edgeMLP(weights, "first", joined(ends, embedded)); // [E, 2 H] -> [E, H]
    const heard = paths.map((_, object) => mean(ends, first, object, count)); // [N, H]
    const nodes = edgeMLP(weights, "rounds.node", heard); // [N, H]
    const second = edgeMLP(weights, "rounds.edge", joined(ends, nodes, first)); // [E, 3 H] -> [E, H]
    const logits = live.linear(second, weights["rounds.out.weight"], weights["rounds.out.bias"]); // [E, K]
    if (logits.shape[1] !== types) throw new Error(`${types} types of edges, but ${logits.shape[1]} logits`);
    return ends.map((_, edge) => live.softmax(live.row(logits, edge)));
  };

  /** Sender, receiver and what the edge itself has, side by side: [E, 2 H] or [E, 3 H]. */
  function joined(ends, nodes, edges) {
    return ends.map(({ sender, receiver }, edge) => [
      ...live.row(nodes, sender),
      ...live.row(nodes, receiver),
      ...(edges ? live.row(edges, edge) : []),
    ]);
  }

  /** What comes in at an object, over the number of objects, as in the official code: [E, H] -> [H]. */
  function mean(ends, edges, object, count) {
    const sum = new Array(edges.shape[1]).fill(0);
    ends.forEach(({ receiver }, edge) => {
      if (receiver === object) live.row(edges, edge).forEach((value, unit) => (sum[unit] += value / count));
    });
    return sum;
  }
}
