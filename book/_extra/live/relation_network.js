"use strict";
// The relation network (Santoro et al. 2017, equation 1): RN(O) = f(sum over pairs (i, j) of g(o_i, o_j, q)).
//
// N objects, D features of an object, Q features of the question, G units of g's last layer, A answers.

{
  /**
   * Args:
   *   network: weights; `g` and `f`, the names of their layers in order.
   *   objects: [N, D], one list of features an object.
   *   question: [Q].
   * Returns logits [A], and lengths [N, N] of g(o_i, o_j, q).
   */
  live.relate = ({ weights, g, f }, objects, question) => {
    const pairs = objects.flatMap((first) => objects.map((second) => [...first, ...second, ...question]));
    const relations = live.mlp(live.fromLists(pairs), weights, g); // [N N, 2 D + Q] -> [N N, G]
    const sum = live.tensor([1, relations.shape[1]]); // [1, G]
    const lengths = objects.map((_, i) =>
      objects.map((_, j) => {
        const relation = live.row(relations, i * objects.length + j); // [G]
        relation.forEach((value, unit) => (sum.values[unit] += value));
        return live.norm(relation);
      }),
    );
    return { logits: live.mlp(sum, weights, f, true).values, lengths };
  };
}
