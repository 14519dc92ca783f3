// Numbers, times, sizes and errors in words.

const whole = new Intl.NumberFormat("en");
const short = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });

export const count = (n) => whole.format(n);

export const plural = (n, one, many) => `${count(n)} ${n === 1 ? one : many}`;

// A number and its unit, which no line's end parts.
const quantity = (value, unit) => `${short.format(value)}\u00a0${unit}`;

export function duration(milliseconds) {
  return milliseconds < 1000 ? quantity(Math.max(milliseconds, 0.1), "ms") : quantity(milliseconds / 1000, "s");
}

export function size(bytes) {
  if (bytes < 1024)
    return plural(bytes, "byte", "bytes");
  return bytes < 1024 ** 2 ? quantity(bytes / 1024, "KiB") : quantity(bytes / 1024 ** 2, "MiB");
}

// By the last part of a problem's type.
const problems = {
  "number-missing": () => "Please type a number: 0, 1, 2, 3 and so on.",
  "number-invalid": () => "That is not a whole number from 0 up. Digits only, please: no fraction, no minus.",
  "number-too-large": ({ maximum }) => `That is too large: ${count(maximum)} is the largest number here.`,
};

const statuses = {
  401: "The server wants to know who you are before it answers.",
  403: "The server does not answer you: access is restricted.",
  404: "There is no such service at this address.",
  414: "That number is too long to be asked for.",
  429: "You have asked very often. Please wait a moment.",
  502: "The server behind this address does not answer. Please try again later.",
  503: "The server is overloaded at the moment. Please try again in a second.",
  504: "The server behind this address took too long to answer.",
};

// An error of the API's as a sentence: by its problem details, else its own line of text, else its
// status, which is all that an error of a server in between tells.
export function problem(response, body) {
  const type = response.headers.get("Content-Type") ?? "";
  if (type.startsWith("application/problem+json"))
    try {
      const details = JSON.parse(body), name = details.type.split("#").pop();
      return Object.hasOwn(problems, name) ? problems[name](details) : `${details.detail}.`;
    } catch {
      // as if there were no details
    }
  if (type.startsWith("text/plain") && /^[^\n]{1,100}$/.test(body))
    return `${body}.`;
  return statuses[response.status] ?? `Something went wrong: the server answered with status ${response.status}.`;
}
