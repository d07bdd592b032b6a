"use strict";
// Tensors and the few layers that the live models need. Nothing here touches a page, so it runs in Node too.
//
// A tensor is {shape, values}: numbers in row-major order, as torch stores them. Sums are formed in double precision.
// R rows, I features in, O features out.

const live = { arrived: {} }; // what all files share; `arrived` holds exported networks by name

{
  const HALF = "float16";

  live.tensor = (shape, values) => ({
    shape,
    values: values ?? new Float64Array(shape.reduce((product, size) => product * size, 1)),
  });

  /** A tensor of nested lists of numbers. */
  live.fromLists = (lists) => {
    const shape = [];
    for (let inner = lists; Array.isArray(inner); inner = inner[0]) shape.push(inner.length);
    return live.tensor(shape, Float64Array.from(lists.flat(shape.length)));
  };

  /** Row number `row` of a tensor [R, ...], as numbers that share its memory. */
  live.row = (tensor, row) => {
    const size = tensor.values.length / tensor.shape[0];
    return tensor.values.subarray(row * size, (row + 1) * size);
  };

  /** All tensors of an exported network: {name: {shape, dtype, data}}, the data little-endian in base64. */
  live.decoded = (tensors) =>
    Object.fromEntries(Object.entries(tensors).map(([name, one]) => [name, live.tensor(one.shape, numbers(one))]));

  function numbers({ dtype, data }) {
    const text = atob(data);
    const bytes = new DataView(Uint8Array.from(text, (letter) => letter.charCodeAt(0)).buffer);
    const size = dtype === HALF ? 2 : 4;
    return Float64Array.from({ length: text.length / size }, (_, place) =>
      dtype === HALF ? half(bytes.getUint16(2 * place, true)) : bytes.getFloat32(4 * place, true),
    );
  }

  /** The number that 16 bits stand for: a sign, 5 bits of exponent, 10 of fraction (IEEE 754). */
  function half(bits) {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 0x1f;
    const fraction = bits & 0x3ff;
    if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
    return exponent ? sign * 2 ** (exponent - 15) * (1 + fraction / 1024) : sign * 2 ** -14 * (fraction / 1024);
  }

  /** rows [R, I] with weight [O, I] and bias [O], which may be missing -> [R, O]. */
  live.linear = (rows, weight, bias) => {
    const [count, inputs] = rows.shape;
    const [outputs, expected] = weight.shape;
    if (inputs !== expected) throw new Error(`a layer for ${expected} features was given ${inputs}`);
    const [x, w] = [rows.values, weight.values]; // [R, I], [O, I]
    const out = new Float64Array(count * outputs);
    for (let row = 0; row < count; row++) {
      for (let output = 0; output < outputs; output++) {
        let sum = bias ? bias.values[output] : 0;
        for (let input = 0; input < inputs; input++) sum += w[output * inputs + input] * x[row * inputs + input];
        out[row * outputs + output] = sum;
      }
    }
    return live.tensor([count, outputs], out); // [R, O]
  };

  const pointwise = (apply) => (tensor) => live.tensor(tensor.shape, tensor.values.map(apply));
  live.relu = pointwise((value) => Math.max(0, value));
  live.elu = pointwise((value) => (value > 0 ? value : Math.expm1(value)));

  /** Batch norm with the statistics of training: rows [R, O] and [O] four times -> [R, O]. */
  live.batchNorm = (rows, { weight, bias, mean, variance }, epsilon = 1e-5) => {
    const features = rows.shape[1];
    return live.tensor(
      rows.shape,
      rows.values.map((value, place) => {
        const feature = place % features;
        const scaled = (value - mean.values[feature]) / Math.sqrt(variance.values[feature] + epsilon);
        return weight.values[feature] * scaled + bias.values[feature];
      }),
    );
  };

  /** Linear layers with ReLU after each, but for the last where `open`: weights by name, layers by prefix. */
  live.mlp = (rows, weights, names, open = false) =>
    names.reduce((hidden, name, place) => {
      const out = live.linear(hidden, weights[`${name}.weight`], weights[`${name}.bias`]);
      return open && place === names.length - 1 ? out : live.relu(out);
    }, rows);

  /** Probabilities of numbers: [K] -> [K]. */
  live.softmax = (logits) => {
    const largest = Math.max(...logits);
    const powers = Array.from(logits, (logit) => Math.exp(logit - largest));
    const total = powers.reduce((sum, power) => sum + power, 0);
    return powers.map((power) => power / total);
  };

  live.norm = (numbers) => Math.sqrt(numbers.reduce((sum, value) => sum + value * value, 0));

  /** Called by the files of exported networks as they arrive. */
  live.take = (name, content) => {
    live.arrived[name] = { ...content, weights: live.decoded(content.tensors) };
  };
}
