// Asks the API: for the summary, and for the digits as they arrive.

import { problem } from "./words.js";

// Without a number if there is none, so that the server says so.
const address = (form, number) =>
  new URL(`../api/v2/${form}${number && `?number=${encodeURIComponent(number)}`}`, document.baseURI);

// Resolves to the largest number whose digits the server computes; Infinity if it does not say.
export const maximum = fetch(address("factorial.txt", ""), { method: "OPTIONS", signal: AbortSignal.timeout(5000) })
  .then((response) => Number(response.headers.get("Factorial-Maximum") ?? Infinity), () => Infinity);

// An answer that is no result. Its message is for people; `maximum` is the largest number that the
// server takes, if that is what it said.
export class Refusal extends Error {
  constructor(message, maximum) {
    super(message);
    this.maximum = maximum;
  }
}

async function refusal(response) {
  const body = await response.text().catch(() => "");
  const maximum = response.status === 400 ? /the maximum is (\d+)/.exec(body)?.[1] : undefined;
  return new Refusal(problem(response, body), maximum && Number(maximum));
}

async function send(url, options) {
  let response;
  try {
    response = await fetch(url, options);
  } catch (error) {
    throw error.name === "AbortError" ? error : new Refusal("The server cannot be reached.");
  }
  if (!response.ok)
    throw await refusal(response);
  return response;
}

// Resolves to { number, digits, trailing_zeros, scientific }. Throws as `ask` does.
export async function askSummary(number, signal) {
  return (await send(address("factorial/summary", number), { signal })).json();
}

// The bytes that the body will have; 0 if nobody says.
function promised(response) {
  return response.headers.has("Content-Encoding") ? 0 : Number(response.headers.get("Content-Length"));
}

// Bytes in one piece, however many come.
class Store {
  constructor(expected) {
    this.bytes = new Uint8Array(expected || 65536);
    this.length = 0;
  }

  append(chunk) {
    if (this.length + chunk.length > this.bytes.length) {
      const larger = new Uint8Array(2 * (this.length + chunk.length));
      larger.set(this.bytes.subarray(0, this.length));
      this.bytes = larger;
    }
    this.bytes.set(chunk, this.length);
    this.length += chunk.length;
  }
}

async function receive(response, arriving) {
  const expected = promised(response);
  const store = new Store(expected);
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done)
      return store;
    store.append(value);
    arriving(store.bytes.subarray(0, store.length), expected);
  }
}

// Whether the browser had the answer already. The entry comes a moment after the last byte.
async function wasKept(url) {
  await new Promise((resolve) => setTimeout(resolve));
  const entry = performance.getEntriesByName(String(url)).pop();
  performance.clearResourceTimings();
  return entry !== undefined && entry.transferSize === 0 && entry.decodedBodySize > 0;
}

// Resolves to the digits, as bytes, with what their coming took: `waited` milliseconds until the
// answer began, `took` until it was complete; `kept` if the browser had it. Calls arriving(bytes so
// far, bytes in all or 0) meanwhile. Throws a Refusal, or an AbortError if the signal says so.
export async function ask(number, { signal, arriving = () => {}, cache = "default" } = {}) {
  const start = performance.now();
  const url = address("factorial.txt", number);
  const response = await send(url, { signal, cache });
  const waited = performance.now() - start;
  let store;
  try {
    store = await receive(response, arriving);
  } catch (error) {
    throw error.name === "AbortError" ? error : new Refusal("The answer broke off before it was complete.");
  }
  const took = performance.now() - start;
  const size = store.length;
  const digits = store.bytes.subarray(0, size - 1); // all but the newline
  return { digits, size, waited, took, kept: await wasKept(url) };
}
