"use strict";
// What the figures share: elements, a player with its buttons, a graph whose edges can be clicked, exported networks
// that are loaded when a figure comes into sight. A book opened from a folder has no server, so they come as scripts.

live.base = new URL(".", document.currentScript.src);

{
  const SVG = "http://www.w3.org/2000/svg";
  const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  function filled(node, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else if (value !== false) node.setAttribute(name, value === true ? "" : value);
    }
    node.append(...children);
    return node;
  }

  /** element("p", {class: "x", onclick: f}, "text", child): an element of HTML; `drawn` is the same for SVG. */
  live.element = (tag, attributes = {}, ...children) => filled(document.createElement(tag), attributes, children);
  live.drawn = (tag, attributes = {}, ...children) => filled(document.createElementNS(SVG, tag), attributes, children);

  live.button = (text, onclick) => live.element("button", { type: "button", onclick }, text);

  live.select = (label, options, onchange) => {
    const choices = options.map((text, value) => live.element("option", { value }, text));
    const select = live.element("select", { onchange, "aria-label": label }, ...choices);
    return live.element("label", {}, live.element("span", {}, label), select);
  };

  /** What is said to everybody, also to those who do not see the figure; `tell` says it once. */
  live.saying = () => live.element("p", { class: "said", "aria-live": "polite" });
  live.tell = (saying, ...parts) => {
    const words = live.element("p", {}, ...parts);
    if (words.innerHTML !== saying.innerHTML) saying.replaceChildren(...words.childNodes);
  };

  live.captioned = (caption, ...pictures) =>
    live.element("figure", {}, live.element("figcaption", {}, caption), ...pictures);

  /** Calls `activate` on click and on Enter or space, as a button does. */
  live.pressable = (node, activate) => {
    node.setAttribute("tabindex", 0);
    node.addEventListener("click", activate);
    node.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      activate();
    });
    return node;
  };

  /**
   * Start, pause and stop, and a slider: the steps 0 to `last`, of which `show` shows one.
   *
   * Who asks for less motion gets none: Start leads to the last step, and the slider to any.
   */
  live.player = ({ last, pace, label, show, start = "Start" }) => {
    let step = 0;
    let timer = null;
    const buttons = {
      start: live.button(start, play),
      pause: live.button("Pause", halt),
      stop: live.button("Stop", reset),
    };
    const slider = live.element("input", {
      type: "range",
      min: 0,
      max: last,
      value: 0,
      "aria-label": label,
      oninput: slid,
    });

    function slid() {
      halt();
      go(Number(slider.value));
    }
    function go(to) {
      step = to;
      slider.value = step;
      show(step);
      if (step >= last) halt();
    }
    function play() {
      if (step >= last) go(0);
      if (still()) return go(last);
      halt();
      timer = setInterval(() => go(step + 1), pace);
      told();
    }
    function halt() {
      clearInterval(timer);
      timer = null;
      told();
    }
    function reset() {
      halt();
      go(0);
    }
    function told() {
      buttons.start.disabled = timer !== null;
      buttons.pause.disabled = timer === null;
    }
    told();
    const row = live.element("div", { class: "controls" }, ...Object.values(buttons), slider);
    return { row, play, reset };
  };

  /** The exported network of a name, once its file is there. */
  live.load = (name) =>
    new Promise((resolve, reject) => {
      if (live.arrived[name]) return resolve(live.arrived[name]);
      const src = new URL(`weights/${name}.js`, live.base);
      const missing = () => reject(new Error(`the network of this figure is missing: ${src}`));
      document.head.append(
        live.element("script", { src, onload: () => resolve(live.arrived[name]), onerror: missing }),
      );
    });

  /** Builds every figure of a name with its network, as soon as it is nearly in sight. */
  live.figure = (name, build) => {
    for (const place of document.querySelectorAll(`[data-live="${name}"]`)) {
      const begin = () =>
        live.load(name).then(
          (network) => place.replaceChildren(...build(network), live.origin(network)),
          (error) => place.replaceChildren(live.element("p", { class: "wrong" }, error.message)),
        );
      if (!("IntersectionObserver" in window)) return void begin();
      const observer = new IntersectionObserver(
        (seen) => {
          if (!seen.some((one) => one.isIntersecting)) return;
          observer.disconnect();
          begin();
        },
        { rootMargin: "600px" },
      );
      observer.observe(place);
    }
  };

  /** Where a network comes from, and how good it is, as its record says. */
  live.origin = ({ record, parameters, tested }) => {
    const link = live.element("a", { href: new URL(`../${record}`, live.base) }, "its record");
    const words = `The network has ${parameters.toLocaleString("en")} weights and runs in this page. ${tested}: `;
    return live.element("p", { class: "origin" }, words, link, ".");
  };

  live.COLOURS = ["#0173b2", "#de8f05", "#029e73", "#cc78bc", "#949494"]; // of particles, safe for colour-blind readers
  live.LETTERS = ["A", "B", "C", "D", "E"];

  /** Places of `count` objects on a circle: [count][2]. */
  live.circle = (count, middle, radius) =>
    Array.from({ length: count }, (_, object) => {
      const angle = (2 * Math.PI * object) / count - Math.PI / 2;
      return [middle + radius * Math.cos(angle), middle + radius * Math.sin(angle)];
    });

  /** A particle with its letter, at the origin. */
  live.particle = (object, radius) =>
    live.drawn(
      "g",
      { class: "particle" },
      live.drawn("circle", { r: radius, fill: live.COLOURS[object] }),
      live.drawn("text", { "font-size": 1.3 * radius, dy: "0.35em", "text-anchor": "middle" }, live.LETTERS[object]),
    );

  live.place = (node, [x, y]) => node.setAttribute("transform", `translate(${x} ${y})`);
}
