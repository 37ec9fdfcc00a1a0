// What python-slugify makes of a name, with the same table of text-unidecode.

const SPLIT = "\n";

/** Reads the table once; what it returns makes slugs. */
export function slugger({ letters, entities }) {
  const table = letters.split(SPLIT);
  const names = new RegExp(`&(${Object.keys(entities).join("|")});`, "g");
  const numbered = (text, pattern, base) => {
    try {
      return text.replace(pattern, (_, digits) => String.fromCodePoint(parseInt(digits, base)));
    } catch {
      return text; // one that is no character keeps all as they are
    }
  };
  return (name) => {
    let text = name.replace(/'+/g, "-").normalize("NFKD");
    text = Array.from(text, (it) => (it === "\0" ? it : table[it.codePointAt(0) - 1] ?? "")).join("");
    text = text.replace(names, (_, it) => String.fromCodePoint(entities[it]));
    text = numbered(text, /&#(\d+);/g, 10);
    text = numbered(text, /&#x([\da-fA-F]+);/g, 16);
    text = text.normalize("NFKD").toLowerCase().replace(/'+/g, "").replace(/(?<=\d),(?=\d)/g, "");
    return text.replace(/[^-a-zA-Z0-9]+/g, "-").replace(/-{2,}/g, "-").replace(/^-+|-+$/g, "");
  };
}
