// The two plots and their table: digits and measured time against n.

import { ask, maximum, Refusal } from "./request.js";
import { count, duration } from "./words.js";
import { plot } from "./plot.js";

const at = (id) => document.getElementById(id);

const STEPS = [1, 10, 100, 1000, 3000, 10000, 30000, 100000, 300000, 1000000];
const TRIES = 3;
const SLOW = 2000; // milliseconds: no more tries, and no larger number, beyond it

const measured = new Map(); // n to { digits, took }
let chosen;

// Stirling's series: far closer than a plot shows.
function digitsOf(n) {
  return n < 2 ? 1 : Math.floor((n * Math.log(n) - n + 0.5 * Math.log(2 * Math.PI * n) + 1 / (12 * n)) / Math.LN10) + 1;
}

const powers = ["1", "10", "100", "1 k", "10 k", "100 k", "1 M", "10 M", "100 M", "1 G"];
const times = { "-2": "10 µs", "-1": "100 µs", 0: "1 ms", 1: "10 ms", 2: "100 ms", 3: "1 s", 4: "10 s", 5: "100 s" };

const points = (value) => [...measured].map(([n, point]) => [Math.max(n, 1), value(point)]);

function draw() {
  const largest = Math.max(1e6, ...measured.keys());
  const x = { chosen, xRange: [0, Math.ceil(Math.log10(largest))], xWords: (exponent) => powers[exponent] };
  const curve = Array.from({ length: 121 }, (_, i) => 10 ** ((i / 120) * x.xRange[1])).map((n) => [n, digitsOf(n)]);
  const took = points((point) => point.took).sort((a, b) => a[0] - b[0]);
  const slowest = Math.max(1000, ...took.map(([, value]) => value));
  plot(at("digits-plot"), { ...x, curve, points: points((point) => point.digits),
                            yRange: [0, Math.ceil(Math.log10(digitsOf(largest)))], yWords: (exponent) => powers[exponent] });
  plot(at("time-plot"), { ...x, curve: took, points: took, none: "nothing measured yet",
                          yRange: [-1, Math.ceil(Math.log10(slowest))], yWords: (exponent) => times[exponent] });
}

function list() {
  const rows = [...measured].sort((a, b) => a[0] - b[0]).map(([n, { digits, took }]) => {
    const row = document.createElement("tr");
    for (const words of [count(n), count(digits), duration(took)])
      row.insertCell().append(words);
    return row;
  });
  at("measurements").querySelector("tbody").replaceChildren(...rows);
  at("measurements").hidden = rows.length === 0;
}

// Adds a measurement, or the better of two.
export function note(n, digits, took) {
  measured.set(n, { digits, took: Math.min(took, measured.get(n)?.took ?? Infinity) });
  draw();
  list();
}

// The number that stands out from now on.
export function choose(n) {
  chosen = n;
  draw();
}

async function measure(signal) {
  const most = await maximum;
  for (const n of STEPS.filter((step) => step <= most)) {
    for (let i = 0; i < TRIES; i++) {
      at("measure-text").textContent = `Measuring ${count(n)}! …`;
      const { digits, took } = await ask(n, { signal, cache: "no-store" });
      note(n, digits.length, took);
      if (took > SLOW)
        return;
    }
  }
}

let running;

async function measureOrStop() {
  if (running)
    return running.abort();
  running = new AbortController();
  at("measure").textContent = "Stop";
  try {
    await measure(running.signal);
    at("measure-text").textContent = `Measured: the best of ${TRIES} each.`;
  } catch (error) {
    if (!(error instanceof Refusal) && error.name !== "AbortError")
      throw error;
    at("measure-text").textContent = error instanceof Refusal ? error.message : "Stopped.";
  } finally {
    running = undefined;
    at("measure").textContent = "Measure this server";
  }
}

export function start() {
  at("measure").addEventListener("click", measureOrStop);
  draw();
  list();
}
