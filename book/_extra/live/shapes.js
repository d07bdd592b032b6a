"use strict";
// Scenes of Sort-of-CLEVR (Santoro et al. 2017, section 4.2): coloured squares and circles, and questions about them.
//
// N objects, one of each colour, in whole pixels of the pictures; D features of an object, Q bits of a question.

{
  const RELATIONAL = 3; // questions 0 to 2 are about relations, 3 to 5 are not
  const oneHot = (count, place) => Array.from({ length: count }, (_, other) => Number(other === place));

  /**
   * The rules of scenes as the network has learned from: no overlap, and nobody on the middle lines.
   *
   * Args:
   *   network: image and half, the sides of a picture and of half an object in pixels; colours, shapes, sides.
   */
  live.shapes = ({ image, half, colours, shapes, sides }) => {
    const middle = (image - 1) / 2;
    const side = 2 * half + 1;
    const inside = ({ x, y }) => [x, y].every((at) => at >= half && at < image - half && at !== middle);
    const apart = (one, other) => Math.max(Math.abs(one.x - other.x), Math.abs(one.y - other.y)) >= side;
    const fits = (one, others) => inside(one) && others.every((other) => apart(one, other));

    /** Six objects, {x, y, shape} each. */
    function draw(random) {
      const whole = (least, most) => least + Math.floor((most - least + 1) * random());
      const anywhere = () => whole(half, image - half - 1);
      for (;;) {
        const drawn = colours.map(() => ({ x: anywhere(), y: anywhere(), shape: whole(0, 1) }));
        if (drawn.every((one, place) => fits(one, drawn.slice(0, place)))) return drawn;
      }
    }

    /** An object as near to a place as the others let it be, else along x or along y alone, else where it was. */
    function moved(things, object, { x, y }) {
      const others = things.filter((_, other) => other !== object);
      const wishes = [{ x, y }, { x }, { y }].map((wish) => ({ ...things[object], ...wish }));
      return wishes.find((wish) => fits(wish, others)) ?? things[object];
    }

    /** A place some pixels away, beyond the middle line where it would be on it. */
    function beside({ x, y }, [dx, dy], size) {
      const over = (at, step) => (at === middle ? at + Math.sign(step) : at);
      return { x: over(x + size * dx, dx), y: over(y + size * dy, dy) };
    }

    /** What the network reads: x and y from -1 to 1, the colour, the shape: [D]. */
    const features = ({ x, y, shape }, object) => [
      ...[x, y].map((at) => (at - middle) / middle),
      ...oneHot(colours.length, object),
      ...oneHot(shapes.length, shape),
    ];

    /** A question about the object of a colour: [Q]. */
    const bits = (asked, colour) => [
      ...oneHot(colours.length, colour),
      ...oneHot(2, asked < RELATIONAL ? 0 : 1),
      ...oneHot(RELATIONAL, asked % RELATIONAL),
    ];

    /** The right answer in words, or null where two objects are equally close or far. */
    function truth(things, asked, colour) {
      const one = things[colour];
      const distance = ({ x, y }) => (x - one.x) ** 2 + (y - one.y) ** 2;
      const ranked = things.filter((other) => other !== one).sort((some, other) => distance(some) - distance(other));
      const shapeOf = (first, second) => (distance(first) === distance(second) ? null : shapes[first.shape]);
      const answers = [
        () => shapeOf(...ranked),
        () => shapeOf(...ranked.reverse()),
        () => String(things.filter((other) => other.shape === one.shape).length),
        () => shapes[one.shape],
        () => sides[0][Number(one.x > middle)],
        () => sides[1][Number(one.y > middle)],
      ];
      return answers[asked]();
    }

    return { draw, moved, beside, features, bits, truth };
  };
}
