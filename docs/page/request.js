// Asks the API and takes in the digits as they arrive.

import { problem } from "./words.js";

// Without a number if there is none, so that the server says so.
const address = (number) =>
  new URL(`../api/v1/factorial${number && `?number=${encodeURIComponent(number)}`}`, document.baseURI);

// An answer that is no result; its message is for people.
export class Refusal extends Error {}

async function refusal(response) {
  const type = response.headers.get("Content-Type") ?? "";
  const details = type.startsWith("application/problem+json") ? await response.json().catch(() => null) : null;
  return new Refusal(problem(response.status, details));
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

async function send(number, signal, cache) {
  try {
    return await fetch(address(number), {
      headers: { Accept: "text/plain, application/problem+json" },
      signal,
      cache,
    });
  } catch (error) {
    throw error.name === "AbortError" ? error : new Refusal("The server cannot be reached.");
  }
}

// Whether the browser had the answer already. The entry comes a moment after the last byte.
async function wasKept(number) {
  await new Promise((resolve) => setTimeout(resolve));
  const entry = performance.getEntriesByName(String(address(number))).pop();
  performance.clearResourceTimings();
  return entry !== undefined && entry.transferSize === 0 && entry.decodedBodySize > 0;
}

// Resolves to the digits, as bytes, with what their coming took: `waited` milliseconds until the
// answer began, `took` until it was complete; `kept` if the browser had it. Calls arriving(bytes so
// far, bytes in all or 0) meanwhile. Throws a Refusal, or an AbortError if the signal says so.
export async function ask(number, { signal, arriving = () => {}, cache = "default" } = {}) {
  const start = performance.now();
  const response = await send(number, signal, cache);
  if (!response.ok)
    throw await refusal(response);
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
  return { digits, size, waited, took, kept: await wasKept(number) };
}
