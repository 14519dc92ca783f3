// The page: the form, what becomes of a question, and the address that shares it.

import { ask, Refusal } from "./request.js";
import { showBeginning, showDigits, trailingZeros } from "./digits.js";
import { count, duration, plural, size } from "./words.js";
import * as growth from "./growth.js";

const at = (id) => document.getElementById(id);
const PATIENCE = 200; // milliseconds without an answer, after which progress is shown

let running; // AbortController of the question on its way
let shown; // { number, digits, zeros } of the result on the page

// What people type, with what they put between groups of digits left out.
const typed = (text) => text.replace(/(?<=\d)[\s,_'’](?=\d)/g, "").trim();

const named = (number) => (/^\d{1,15}$/.test(number) ? `${count(Number(number))}!` : "n!");

function say(words) {
  at("status").textContent = words;
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
    if (at("result").hidden)
      showTitle(number);
    showBeginning(at("digits"), bytes, expected || bytes.length, characters());
  };
}

// ---- the result

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

function showTitle(number) {
  at("result-title").textContent = named(number);
  at("digits").setAttribute("aria-label", `Digits of ${named(number)}`);
  at("result").hidden = false;
  at("result").classList.add("arriving");
}

function showResult(number, { digits, size: bytes, waited, took, kept }) {
  const zeros = trailingZeros(digits);
  shown = { number, digits, zeros };
  showTitle(number);
  at("result").classList.remove("arriving");
  at("fact-digits").textContent = count(digits.length);
  at("fact-zeros").textContent = count(zeros);
  at("fact-time").textContent = duration(took);
  at("fact-began").textContent = kept ? "from your browser’s cache" : `first digit after ${duration(waited)}`;
  at("fact-size").textContent = size(bytes);
  showDigits(at("digits"), digits, zeros, characters());
  say(`${named(number)} has ${plural(digits.length, "digit", "digits")}, ` +
      `${plural(zeros, "zero", "zeros")} at the end.${digits.length <= 20 ? ` ${named(number)} is ${new TextDecoder().decode(digits)}.` : ""}`);
  if (!kept)
    growth.note(Number(number), digits.length, took);
  growth.choose(Number(number));
}

function clear() {
  running?.abort();
  running = shown = undefined;
  at("result").hidden = at("progress").hidden = true;
  showError("");
  say("");
}

async function compute(number) {
  clear();
  document.title = `${named(number)} – factorials, exactly`;
  const mine = running = new AbortController();
  showProgress(`${named(number)} is being computed`);
  const patience = setTimeout(() => (at("progress").hidden = false, say(`${named(number)} is being computed.`)), PATIENCE);
  try {
    showResult(number, await ask(number, { signal: mine.signal, arriving: progressOf(number) }));
  } catch (error) {
    if (running !== mine)
      return; // another question came in between
    at("result").hidden = true;
    if (error.name === "AbortError")
      say("Cancelled.");
    else if (error instanceof Refusal)
      showError(error.message);
    else
      throw error;
  } finally {
    clearTimeout(patience);
    if (running === mine) {
      at("progress").hidden = true;
      running = undefined;
    }
  }
}

function cancel() {
  if (!running)
    return;
  running.abort();
  at("number").focus();
}

// ---- what can be done with it

async function copy(button, text, done) {
  const words = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = done;
  } catch {
    button.textContent = "The browser refuses";
  }
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
  at("number").value = number ?? "";
  if (number === null)
    clear();
  else
    compute(number);
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
    });
  at("cancel").addEventListener("click", cancel);
  addEventListener("keydown", (event) => event.key === "Escape" && cancel());
  addEventListener("popstate", follow);
  let width = innerWidth;
  addEventListener("resize", () => {
    if (shown && innerWidth !== width)
      showDigits(at("digits"), shown.digits, shown.zeros, characters());
    width = innerWidth;
  });

  at("copy").addEventListener("click", () => copy(at("copy"), new TextDecoder().decode(shown.digits), "Copied"));
  at("link").addEventListener("click", () => copy(at("link"), location.href, "Copied"));
  at("download").addEventListener("click", download);
  at("copy").hidden = at("link").hidden = !navigator.clipboard; // without TLS there is none
  for (const part of document.querySelectorAll(".live"))
    part.hidden = false; // of no use without JavaScript
  for (const origin of document.querySelectorAll(".origin"))
    origin.textContent = location.origin;

  growth.start();
  if (asked() !== null)
    follow();
}

start();
