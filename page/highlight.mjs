// Colours a line of code: comments, texts, words that a language keeps, numbers.

import { make } from "./dom.mjs";

const WORDS =
  "False|None|True|and|as|assert|async|await|break|case|class|continue|def|del|elif|else|except|" +
  "finally|for|from|global|if|import|in|is|lambda|match|not|or|pass|raise|return|try|type|while|" +
  "with|yield|true|false|null";
const TEXT = String.raw`"""(?:\\.|[^"\\]|"(?!""))*"""|"""|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'`;
const CODE = new RegExp(
  String.raw`(?<comment>(?<=^|\s)#.*$)|(?<text>${TEXT})|(?<word>(?<![\w.-])(?:${WORDS})(?![\w-]))` +
    String.raw`|(?<number>(?<![\w.])\d[\d_.]*\b)|(?<name>^[ -]*[\w."/-]+(?=:(?: |$)| = ))`,
  "g",
);
const PROSE = /(?<comment><!--.*?-->)|(?<word>^#{1,6} .*$)|(?<text>`[^`]+`)|(?<name>\[[^\]]+\](?=\())/g;

/** Tells which lines of Python are within a text of several lines. */
function within(lines, path) {
  let inside = false;
  return lines.map((line) => {
    const marks = path.endsWith(".py") ? line.split('"""').length - 1 : 0;
    const was = inside;
    if (marks % 2) inside = !inside;
    return was || inside;
  });
}

/** Returns, for each line, what to show: texts, and elements that have a colour. */
export function highlight(lines, path) {
  const pattern = /\.(md|html)$/.test(path) ? PROSE : CODE;
  const docstrings = within(lines, path);
  return lines.map((line, place) => {
    if (docstrings[place]) return [make("span", { class: "text" }, line)];
    const parts = [];
    let end = 0;
    for (const match of line.matchAll(pattern)) {
      const kind = Object.keys(match.groups).find((it) => match.groups[it] !== undefined);
      parts.push(line.slice(end, match.index), make("span", { class: kind }, match[0]));
      end = match.index + match[0].length;
    }
    return [...parts, line.slice(end)];
  });
}
