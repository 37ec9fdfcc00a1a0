// What the Python that built the page knows of characters.

/** Tells whether Python shows a character; `unprintable` has, in turns, how many it does not and does. */
export function isPrintable(code, unprintable) {
  let end = 0;
  for (const [place, length] of unprintable.entries()) {
    end += length;
    if (code < end) return place % 2 === 1;
  }
  return false;
}
