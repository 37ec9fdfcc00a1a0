// What python-slugify makes of a name, with the same table of text-unidecode.

import { isPrintable } from "./characters.mjs";

const SPLIT = "\n";

/** Reads the table once; what it returns makes slugs. */
export function slugger({ letters, entities, spaces, unprintable }) {
  const table = letters.split(SPLIT);
  const names = new RegExp(`&(${Object.keys(entities).join("|")});`, "g");
  const numbered = (text, pattern, base) => {
    try {
      return text.replace(pattern, (_, digits) => String.fromCodePoint(parseInt(digits, base)));
    } catch {
      return text; // one that is no character keeps all as they are
    }
  };
  /** Normalizes as Python does: a character that only the browser's newer Unicode has stays. */
  const normalize = (text) => {
    let [done, run] = ["", ""];
    for (const it of text) {
      if (spaces.includes(it) || isPrintable(it.codePointAt(0), unprintable)) run += it;
      else [done, run] = [done + run.normalize("NFKD") + it, ""];
    }
    return done + run.normalize("NFKD");
  };
  return (name) => {
    let text = normalize(name.replace(/'+/g, "-"));
    text = Array.from(text, (it) => (it === "\0" ? it : table[it.codePointAt(0) - 1] ?? "")).join("");
    text = text.replace(names, (_, it) => String.fromCodePoint(entities[it]));
    text = numbered(text, /&#(\d+);/g, 10);
    text = numbered(text, /&#x([\da-fA-F]+);/g, 16);
    text = normalize(text).toLowerCase().replace(/'+/g, "").replace(/(?<=\d),(?=\d)/g, "");
    return text.replace(/[^-a-zA-Z0-9]+/g, "-").replace(/-{2,}/g, "-").replace(/^-+|-+$/g, "");
  };
}
