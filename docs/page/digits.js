// Lays digits out so that they can be read: short numbers in groups of three, long ones in numbered
// lines of groups of ten, very long ones by their first and last lines.

import { count, plural } from "./words.js";

const SHORT = 100; // digits that are shown as one number
const WHOLE = 40; // lines of which none is left out
const FIRST = 8, LAST = 3;
const GROUP = 10;
const PIECE = 100; // lines

const text = (bytes, from, to) => new TextDecoder("latin1").decode(bytes.subarray(from, to));

function element(name, className, ...children) {
  const made = document.createElement(name);
  made.className = className;
  made.append(...children);
  return made;
}

// One group; what of it belongs to the zeros at the end is set apart. Nothing is between groups but
// space of the style sheet's, so that what a person selects and copies is the number.
function group(bytes, from, to, zerosFrom) {
  const middle = Math.min(Math.max(zerosFrom, from), to);
  const made = element("span", "group", text(bytes, from, middle));
  if (middle < to)
    made.append(element("span", "zeros", text(bytes, middle, to)));
  return made;
}

function shortNumber(bytes, zerosFrom) {
  const number = element("p", "number");
  for (let from = 0; from < bytes.length;) {
    const to = from + ((bytes.length - from) % 3 || 3);
    number.append(group(bytes, from, to, zerosFrom));
    from = to;
  }
  return number;
}

function line(bytes, index, perLine, zerosFrom) {
  const from = index * perLine, to = Math.min(from + perLine, bytes.length);
  const position = element("span", "position");
  position.dataset.position = count(from + 1); // shown by the style sheet: not copied
  const row = element("p", "line", position);
  for (let at = from; at < to; at += GROUP)
    row.append(group(bytes, at, Math.min(at + GROUP, to), zerosFrom));
  return row;
}

// Lines from..to (exclusive) that are shown: the first, those around the last digit that is not a
// zero, the very last.
function shownLines(lines, significantLine) {
  const ranges = [[0, FIRST], [significantLine - LAST, significantLine + 2], [lines - 2, lines]];
  const shown = [];
  for (const [from, to] of lines <= WHOLE ? [[0, lines]] : ranges) {
    const last = shown.at(-1);
    if (last && from <= last[1] + 1)
      last[1] = Math.max(last[1], Math.min(to, lines));
    else
      shown.push([from, Math.min(to, lines)]);
  }
  return shown;
}

function longNumber(bytes, perLine, zerosFrom) {
  const lines = Math.ceil(bytes.length / perLine);
  const made = document.createDocumentFragment();
  let next = 0;
  for (const [from, to] of shownLines(lines, Math.floor((zerosFrom - 1) / perLine))) {
    if (from > next) {
      const left = (from - next) * perLine;
      made.append(element("p", "gap", next * perLine >= zerosFrom ? plural(left, "zero", "zeros")
                                                                  : plural(left, "digit", "digits")));
    }
    for (let index = from; index < to; index++)
      made.append(line(bytes, index, perLine, zerosFrom));
    next = to;
  }
  return made;
}

// How many digits a line of that many characters takes, with its position before it, whose width
// the style sheet is told.
function fitting(where, characters, length) {
  const position = 0.8 * count(length).length;
  where.style.setProperty("--position", `${position}ch`);
  const groups = Math.floor((characters - position - 1) / (GROUP + 1));
  return GROUP * Math.min(Math.max(groups, 1), 10);
}

// Shows the digits in the element, which is so many characters wide.
export function showDigits(where, bytes, zeros, characters) {
  const zerosFrom = bytes.length - zeros;
  where.replaceChildren(bytes.length <= SHORT ? shortNumber(bytes, zerosFrom)
                                              : longNumber(bytes, fitting(where, characters, bytes.length), zerosFrom));
}

// Shows the beginning of a number that is still arriving, of about that length.
export function showBeginning(where, bytes, length, characters) {
  const perLine = fitting(where, characters, length);
  const lines = Math.min(FIRST, Math.floor(bytes.length / perLine));
  where.replaceChildren(...Array.from({ length: lines }, (_, index) => line(bytes, index, perLine, Infinity)));
}

// Whether showDigits leaves out some of so many digits.
export const isShortened = (where, length, characters) => length > WHOLE * fitting(where, characters, length);

// Shows the piece that the digit at that place is in. Returns where it begins and where it ends, and
// how many digits a piece has.
export function showPiece(where, bytes, zeros, place, characters) {
  const perLine = fitting(where, characters, bytes.length), size = PIECE * perLine;
  const first = PIECE * Math.floor(place / size);
  const last = Math.min(first + PIECE, Math.ceil(bytes.length / perLine));
  where.replaceChildren(...Array.from({ length: last - first },
                                      (_, index) => line(bytes, first + index, perLine, bytes.length - zeros)));
  return { from: first * perLine, to: Math.min(last * perLine, bytes.length), size };
}
