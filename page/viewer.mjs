// Shows a file, or what changes in it.

import { abridge, compare } from "./difference.mjs";
import { make, number } from "./dom.mjs";
import { highlight } from "./highlight.mjs";

const KINDS = { "+": "plus", "-": "minus", " ": "same" };

/** Draws a file with numbers of lines. */
export function drawFile(variant) {
  const lines = variant.text.split("\n").slice(0, -1);
  const drawn = highlight(lines, variant.path).map((parts) => make("span", { class: "line" }, ...parts, "\n"));
  return make("pre", { tabindex: "0", class: "numbered", role: "group", "aria-label": `Content of ${variant.path}` },
    make("code", {}, drawn));
}

/** Draws the lines that come and go, with those around them. */
export function drawDifference(path, before, after) {
  const lines = abridge(compare(before, after));
  const colours = highlight(lines.map((it) => it?.[1] ?? ""), path);
  const drawn = lines.map((line, place) =>
    line === null
      ? make("span", { class: "line left-out" }, "⋯\n")
      : make("span", { class: `line ${KINDS[line[0]]}` }, `${line[0]} `, ...colours[place], "\n"));
  return make("pre", { tabindex: "0", role: "group", "aria-label": `What changes in ${path}` },
    make("code", {}, drawn));
}

/** Says what is shown. */
export const describe = (variant) =>
  `${number(variant.count)} lines, mode ${variant.mode.toString(8).padStart(4, "0")}`;
