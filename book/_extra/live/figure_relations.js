"use strict";
// Objects that the reader drags, a question, and at once the answer and the lengths |g| of all pairs' relations.
//
// N objects, A answers.

{
  const FIRST = 3; // seed of the first scene

  live.figure("relations", (network) => {
    const { colours, questions } = network;
    const rules = live.shapes(network);
    const random = live.random(FIRST);
    let things = rules.draw(random);
    let [asked, colour, lit] = [0, 0, null]; // the question's number, the object that it names, a pair [i, j]

    /** A handler that changes something and shows what follows. */
    const changing =
      (change) =>
      (...given) => {
        change(...given);
        update();
      };
    const put = (object, changed) => (things = things.map((thing, other) => (other === object ? changed : thing)));
    const turned = changing((object) => put(object, { ...things[object], shape: 1 - things[object].shape }));
    const moved = changing((object, place) => put(object, rules.moved(things, object, place)));
    const stepped = (object, way, size) => moved(object, rules.beside(things[object], way, size));
    const scene = live.shapesPicture(network, { moved, stepped, turned });
    const map = live.relationMap(
      network,
      changing((pair) => (lit = pair)),
    );
    const said = live.saying();
    const longest = live.element("p", { class: "origin" });

    function update() {
      const { logits, lengths } = live.relate(network, things.map(rules.features), rules.bits(asked, colour));
      const ends = [Math.min(...lengths.flat()), Math.max(...lengths.flat())];
      const strengths = lengths.map((row) => row.map((length) => (length - ends[0]) / (ends[1] - ends[0] || 1)));
      longest.textContent = pairInWords(network, lengths, ends, lit);
      scene.show(things, colour, lit ? [[...lit, 1]] : bothWays(strengths));
      map.show(strengths, lit, longest.textContent);
      live.tell(said, ...answerInWords(network, logits, rules.truth(things, asked, colour)));
    }

    const chosen = (change) => changing((event) => change(Number(event.target.value)));
    const texts = questions.map((text) => text.replace("{}", "…"));
    update();
    return [
      live.element(
        "div",
        { class: "controls" },
        live.select(
          "Question",
          texts,
          chosen((value) => (asked = value)),
        ),
        live.select(
          "about",
          colours,
          chosen((value) => (colour = value)),
        ),
        live.button("Square ↔ circle", () => turned(colour)),
        live.button(
          "New scene",
          changing(() => (things = rules.draw(random))),
        ),
      ),
      said,
      live.element(
        "div",
        { class: "panels" },
        live.captioned("The scene: drag the objects", scene.picture),
        live.captioned("|g| of every pair: row first, column second", map.picture, longest),
      ),
    ];
  });

  /** All pairs with the stronger of their two directions: [i, j, strength], i <= j. */
  function bothWays(strengths) {
    return strengths
      .flatMap((row, i) => row.map((strength, j) => [i, j, Math.max(strength, strengths[j][i])]))
      .filter(([i, j]) => i <= j);
  }

  function pairInWords({ colours }, lengths, [least, most], lit) {
    const place = lengths.flat().indexOf(most);
    const [i, j] = lit ?? [Math.floor(place / colours.length), place % colours.length];
    const pair = `${lit ? "This pair" : "The longest"}: ${colours[i]} with ${i === j ? "itself" : colours[j]}`;
    return `${pair}, |g| = ${lengths[i][j].toFixed(2)}; all lie from ${least.toFixed(2)} to ${most.toFixed(2)}.`;
  }

  /** The answer with its probability, from logits [A], and whether it is right. */
  function answerInWords({ words }, logits, right) {
    const chances = live.softmax(logits);
    const best = chances.indexOf(Math.max(...chances));
    const verdicts = [
      { fits: right === null, mark: "", text: "It is a tie: no answer is right." },
      { fits: right === words[best], mark: "right", text: "✓ right" },
      { fits: true, mark: "wrong", text: `✗ it is ${right}` },
    ];
    const { mark, text } = verdicts.find(({ fits }) => fits);
    const percent = ` (${(100 * chances[best]).toFixed(1)} %) `;
    return [
      "The network answers ",
      live.element("strong", {}, words[best]),
      percent,
      live.element("span", { class: mark }, text),
    ];
  }
}
