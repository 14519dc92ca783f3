// The page: the form, what becomes of a question, and the address that shares it.

import { ask, askSummary, maximum, Refusal } from "./request.js";
import { isShortened, showBeginning, showDigits, showPiece } from "./digits.js";
import { exponent, primesUpTo, stirling } from "./mathematics.js";
import { count, duration, plural, size } from "./words.js";
import { copyText } from "./clipboard.js";
import * as clients from "./clients.js";
import * as growth from "./growth.js";

const at = (id) => document.getElementById(id);
const PATIENCE = 200; // milliseconds without an answer, after which progress is shown
const AUTOMATIC = 200000; // digits that are fetched without being asked for
const FACTORED = 10000; // up to this n all primes are shown
const FIRST_PRIMES = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29];

let running; // AbortController of the question on its way
let shown; // { number, summary, digits } of the result on the page; digits once they are here
let place; // of the digit whose piece is shown

// What people type as the API takes it: without "!" behind it and without what they put between
// groups of digits. A comma is between groups only if three digits follow the last one: 1,5 is no whole
// number. What is no number then is left to the server to refuse.
function typed(text) {
  const number = text.trim().replace(/\s*!$/, "").replace(/(?<=\d)([\s_'’]|,(?=[\d,]*(?<=,)\d{3}$))(?=\d)/g, "");
  return /^([+]?\d+|-0+)$/.test(number) ? number.replace(/^[+-]?0*(?=\d)/, "") : number;
}

const named = (number) => (/^\d{1,15}$/.test(number) ? `${count(Number(number))}!` : "n!");

const raised = (power) => Object.assign(document.createElement("sup"), { textContent: power });

function say(words) {
  at("status").textContent = words;
}

function showAsked(asked) {
  document.documentElement.classList.toggle("asked", asked);
}

function showError(words) {
  at("error").textContent = words;
  at("number").setAttribute("aria-invalid", String(words !== ""));
}

// ---- progress

function showProgress(words, received, expected) {
  const bar = at("progress").querySelector("progress");
  at("progress-text").textContent = words;
  if (expected) {
    bar.max = expected;
    bar.value = received;
  } else {
    bar.removeAttribute("value"); // no end in sight
  }
}

function progressOf(number) {
  let nextDrawn = 0;
  return (bytes, expected) => {
    if (performance.now() < nextDrawn || at("progress").hidden)
      return;
    nextDrawn = performance.now() + 100;
    showProgress(`${named(number)} is arriving: ${size(bytes.length)}${expected ? ` of ${size(expected)}` : ""}`,
                 bytes.length, expected);
    at("digits").hidden = false;
    showBeginning(at("digits"), bytes, expected || bytes.length, characters());
  };
}

// ---- the summary

function showScientific({ digits, scientific }) {
  const [mantissa, power] = scientific.split("e");
  const whole = mantissa.replace(".", "");
  if (digits <= whole.length)
    at("scientific").textContent = `= ${whole.replace(/\B(?=(\d{3})+$)/g, ",")}`;
  else
    at("scientific").replaceChildren(`= ${mantissa}… ×\u00a010`, raised(count(Number(power))));
}

function showFactors(where, n, primes) {
  where.replaceChildren(...primes.flatMap((p, index) => {
    const power = exponent(n, p);
    return [index ? " · " : "", count(p), power > 1 ? raised(count(power)) : ""];
  }));
}

function showFactorization(n) {
  const primes = n <= FACTORED ? primesUpTo(n) : FIRST_PRIMES;
  const first = primes.slice(0, FIRST_PRIMES.length);
  const all = at("all-factors");
  showFactors(at("factors"), n, first);
  if (n < 2)
    at("factors").textContent = "None: it is 1.";
  else if (n > FACTORED || primes.length > first.length)
    at("factors").append(" · …");
  all.hidden = primes.length === first.length;
  all.querySelector("summary").textContent = `All ${count(primes.length)} primes`;
  showFactors(all.querySelector("p"), n, all.hidden ? [] : primes);
}

function showStirling({ number, scientific }) {
  if (number < 1) {
    at("stirling").textContent = "The formula needs a number from 1 up.";
    return;
  }
  const { mantissa, exponent: power, error } = stirling(number, scientific);
  const percent = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 }).format(100 * error);
  at("stirling").replaceChildren(`√(2πn)·(n/e)ⁿ is about ${mantissa.toFixed(9)} ×\u00a010`, raised(count(power)),
                                 `, too small by ${percent}\u00a0%.`);
}

// Whether there is something to tell of digits that came, once it is known.
function showCame(came) {
  at("result").classList.remove("arriving");
  for (const fact of document.querySelectorAll(".came"))
    fact.hidden = !came;
}

function showSummary(number, summary) {
  shown = { number, summary };
  at("result-title").textContent = named(number);
  at("digits").setAttribute("aria-label", `Digits of ${named(number)}`);
  at("fact-digits").textContent = count(summary.digits);
  at("fact-zeros").textContent = count(summary.trailing_zeros);
  showScientific(summary);
  showFactorization(summary.number);
  showStirling(summary);
  for (const id of ["digits", "pieces", "refused", "fetch", "copy", "download"])
    at(id).hidden = true;
  showCame(true);
  at("result").classList.add("arriving");
  at("result").hidden = false;
  say(`${named(number)} has ${plural(summary.digits, "digit", "digits")}, ` +
      `${plural(summary.trailing_zeros, "zero", "zeros")} at the end.`);
}

// After some time without an answer the result has a title and can be cancelled.
async function fetchSummary(number, signal) {
  at("result-title").textContent = named(number);
  showProgress("Waiting for the server");
  const patience = setTimeout(() => {
    at("result").classList.add("waiting");
    at("result").hidden = at("progress").hidden = false;
  }, PATIENCE);
  try {
    showSummary(number, await askSummary(number, signal));
  } finally {
    clearTimeout(patience);
    at("result").classList.remove("waiting");
    at("progress").hidden = true;
  }
}

// ---- the digits

// How many digits go into a line of the page's.
function characters() {
  const box = at("digits"), style = getComputedStyle(box);
  const ruler = document.createElement("span");
  ruler.textContent = "0".repeat(100);
  ruler.className = "ruler";
  box.append(ruler);
  const width = ruler.getBoundingClientRect().width / 100;
  ruler.remove();
  return Math.floor((box.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight)) / width);
}

function layDigitsOut() {
  const { digits, summary } = shown;
  showDigits(at("digits"), digits, summary.trailing_zeros, characters());
  at("pieces").hidden = !isShortened(at("digits"), digits.length, characters());
  if (at("pieces").open)
    showPieceAt(place);
}

function showPieceAt(wanted) {
  const { digits, summary } = shown;
  place = Math.min(Math.max(wanted, 0), digits.length - 1);
  const { from, to, size: step } = showPiece(at("piece"), digits, summary.trailing_zeros, place, characters());
  at("piece-text").textContent = `${count(from + 1)} to ${count(to)} of ${count(digits.length)}`;
  at("before").disabled = from === 0;
  at("after").disabled = to === digits.length;
  at("before").onclick = () => showPieceAt(from - step);
  at("after").onclick = () => showPieceAt(to);
}

function showResult({ digits, size: bytes, waited, took, kept }) {
  const { number } = shown;
  shown.digits = digits;
  place = 0;
  showCame(true);
  at("fact-time").textContent = duration(took);
  at("fact-began").textContent = kept ? "from your browser’s cache" : `first digit after ${duration(waited)}`;
  at("fact-size").textContent = size(bytes);
  at("digits").hidden = at("copy").hidden = at("download").hidden = false;
  at("pieces").open = false;
  layDigitsOut();
  if (!kept)
    growth.note(Number(number), digits.length, took);
  growth.choose(Number(number));
}

function showRefusal(error) {
  if (error.maximum === undefined)
    offerDigits();
  at("refused").textContent = error.maximum === undefined
    ? error.message
    : `This server computes every digit for n up to ${count(error.maximum)}. For larger n it has only what is shown above.`;
  at("refused").hidden = false;
  showCame(false);
  say(at("refused").textContent);
}

async function fetchDigits(signal) {
  const { number } = shown;
  at("fetch").hidden = at("refused").hidden = true;
  showProgress(`${named(number)} is being computed`);
  const patience = setTimeout(() => (at("progress").hidden = false), PATIENCE);
  try {
    showResult(await ask(number, { signal, arriving: progressOf(number) }));
  } finally {
    clearTimeout(patience);
  }
}

// ---- a question

function clear() {
  running?.abort();
  running = shown = undefined;
  showAsked(false);
  at("result").hidden = at("progress").hidden = true;
  showError("");
  say("");
}

function offerDigits() {
  showCame(false);
  at("fetch").textContent = `Every digit (${size(shown.summary.digits + 1)})`;
  at("fetch").hidden = false;
}

// Runs the work until it ends or another question comes in between; tells what became of it.
async function attempt(work) {
  running?.abort();
  const mine = running = new AbortController();
  try {
    await work(mine.signal);
  } catch (error) {
    if (running !== mine)
      return;
    at("digits").hidden = true;
    at("result").hidden = shown === undefined;
    showAsked(shown !== undefined);
    if (error.name === "AbortError") {
      say("Cancelled.");
      if (shown)
        offerDigits();
    } else if (!(error instanceof Refusal)) {
      throw error;
    } else if (shown) {
      showRefusal(error);
    } else {
      showError(error.message);
    }
  } finally {
    if (running === mine) {
      at("progress").hidden = true;
      running = undefined;
    }
  }
}

async function compute(number) {
  clear();
  showAsked(true);
  document.title = `${named(number)} – factorials, exactly`;
  await attempt(async (signal) => {
    await fetchSummary(number, signal);
    const most = await maximum;
    signal.throwIfAborted();
    if (shown.summary.number > most)
      throw new Refusal("", most);
    if (shown.summary.digits > AUTOMATIC)
      offerDigits();
    else
      await fetchDigits(signal);
  });
}

function cancel() {
  if (!running)
    return;
  running.abort();
  at("number").focus();
}

// ---- what can be done with it

async function copy(button, text) {
  const words = button.textContent;
  button.textContent = (await copyText(text)) ? "Copied" : "The browser refuses";
  say(button.textContent);
  setTimeout(() => (button.textContent = words), 2000);
}

function download() {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([shown.digits, "\n"], { type: "text/plain" }));
  link.download = `factorial-${shown.number}.txt`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

// ---- the address

const asked = () => new URLSearchParams(location.search).get("number");

function go(number) {
  at("number").value = number;
  if (asked() !== number)
    history.pushState(null, "", `?number=${encodeURIComponent(number)}`);
  compute(number);
}

function follow() {
  const number = asked();
  at("number").value = typed(number ?? "");
  if (number === null)
    clear();
  else
    compute(typed(number));
}

function start() {
  at("ask").noValidate = true; // errors are told by this page
  at("ask").addEventListener("submit", (event) => {
    event.preventDefault();
    go(typed(at("number").value));
  });
  for (const example of document.querySelectorAll("[data-number]"))
    example.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey)
        return;
      event.preventDefault();
      go(example.dataset.number);
      scrollTo(0, 0);
    });
  at("cancel").addEventListener("click", cancel);
  at("fetch").addEventListener("click", () => attempt(fetchDigits));
  addEventListener("keydown", (event) => event.key === "Escape" && cancel());
  addEventListener("popstate", follow);
  let width = innerWidth;
  addEventListener("resize", () => {
    if (shown?.digits && innerWidth !== width)
      layDigitsOut();
    width = innerWidth;
  });

  at("copy").addEventListener("click", () => copy(at("copy"), new TextDecoder().decode(shown.digits)));
  at("link").addEventListener("click", () => copy(at("link"), location.href));
  at("download").addEventListener("click", download);
  at("copy-client").addEventListener("click", () => copy(at("copy-client"), at("client").textContent));
  at("pieces").addEventListener("toggle", () => at("pieces").open && showPieceAt(place));
  at("from").addEventListener("change", () => showPieceAt(Number(at("from").value.replace(/\D/g, "")) - 1));
  maximum.then((most) => most < Infinity && (at("maximum").textContent = count(most)));
  growth.start();
  clients.start();
  if (asked() !== null)
    follow();
}

start();
