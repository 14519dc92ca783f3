// Draws values against n, both on logarithmic scales, as SVG. Colours are the style sheet's.

const WIDTH = 340, HEIGHT = 220;
const LEFT = 50, RIGHT = 14, TOP = 12, BOTTOM = 32;

const log = (value) => Math.log10(Math.max(value, 1e-9));

function shape(name, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes))
    made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// Powers of ten from..to as exponents, and where a value lies between two pixels.
function scale([from, to], [low, high]) {
  return {
    ticks: Array.from({ length: to - from + 1 }, (_, i) => from + i),
    at: (value) => low + ((log(value) - from) / (to - from)) * (high - low),
  };
}

function axes(x, y, xWords, yWords) {
  const drawn = [];
  for (const exponent of y.ticks) {
    const at = y.at(10 ** exponent);
    drawn.push(shape("line", { class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: at, y2: at }),
               shape("text", { class: "tick", x: LEFT - 8, y: at + 3.5, "text-anchor": "end" }, yWords(exponent)));
  }
  for (const exponent of x.ticks) {
    const at = x.at(10 ** exponent);
    drawn.push(shape("line", { class: "mark", x1: at, x2: at, y1: HEIGHT - BOTTOM, y2: HEIGHT - BOTTOM + 4 }),
               shape("text", { class: "tick", x: at, y: HEIGHT - BOTTOM + 17, "text-anchor": "middle" }, xWords(exponent)));
  }
  return drawn;
}

// `curve` and `points` are lists of [n, value]; `chosen` is the n that stands out. The exponents'
// ranges are inclusive. `none` is said where there is nothing to see.
export function plot(svg, { curve, points, chosen, xRange, yRange, xWords, yWords, none = "" }) {
  const x = scale(xRange, [LEFT, WIDTH - RIGHT]), y = scale(yRange, [HEIGHT - BOTTOM, TOP]);
  const path = (list) => list.map(([n, value]) => `${x.at(n).toFixed(1)},${y.at(value).toFixed(1)}`).join(" ");
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  svg.replaceChildren(...axes(x, y, xWords, yWords),
    shape("polyline", { class: "curve", points: path(curve) }),
    shape("text", { class: "empty", x: (LEFT + WIDTH - RIGHT) / 2, y: (TOP + HEIGHT - BOTTOM) / 2 - 4, "text-anchor": "middle" },
          curve.length ? "" : none),
    ...points.map(([n, value]) =>
      shape("circle", { class: n === chosen ? "point chosen" : "point", r: n === chosen ? 5 : 3.5,
                        cx: x.at(n), cy: y.at(value) })));
}
