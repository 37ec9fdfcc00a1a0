// What the hook writes last: the sums of the chassis, and the record of the answers.

import { sha1 } from "@noble/hashes/legacy.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { Variant } from "./carving.mjs";

export const SUMS = "chassis/SHA256SUMS";
export const RECORD = ".cookiecutter.json";

const encode = (text) => new TextEncoder().encode(text);
const hex = (bytes) => Array.from(bytes, (it) => it.toString(16).padStart(2, "0")).join("");
const joined = (parts) => {
  const whole = new Uint8Array(parts.reduce((size, it) => size + it.length, 0));
  let at = 0;
  for (const part of parts) at = whole.set(part, at) ?? at + part.length;
  return whole;
};
const compare = (one, other) => (one < other ? -1 : Number(one > other));

/** Sums up a variant, once. */
const sum = (variant) => (variant.sum ??= hex(sha256(variant.bytes)));

const identify = (kind, content) => sha1(joined([encode(`${kind} ${content.length}\0`), content]));

/** Computes the id that git gives a tree of plain files. */
export function treeId(variants) {
  const top = new Map();
  for (const [path, variant] of variants) {
    const parts = path.split("/");
    let folder = top;
    for (const part of parts.slice(0, -1)) {
      if (!folder.has(`${part}/`)) folder.set(`${part}/`, new Map());
      folder = folder.get(`${part}/`);
    }
    folder.set(parts.at(-1), variant);
  }
  const identifyFolder = (folder) => {
    const rows = [...folder].sort(([one], [other]) => compare(one, other)).flatMap(([name, it]) =>
      it instanceof Map
        ? [encode(`40000 ${name.slice(0, -1)}\0`), identifyFolder(it)]
        : [encode(`100644 ${name}\0`), (it.id ??= identify("blob", it.bytes))],
    );
    return identify("tree", joined(rows));
  };
  return hex(identifyFolder(top));
}

/** Writes the list of sums of the chassis, as chassis/digest.py does. */
function seal(variants, ignored) {
  const rows = [...variants.values()]
    .filter(({ path }) => path.startsWith("chassis/"))
    .map((variant) => ({ name: variant.path.slice("chassis/".length), variant }))
    .filter(({ name }) => !ignored.includes(name))
    .filter(({ name }) => !name.split("/").some((it) => it.startsWith(".") || it === "__pycache__"))
    .sort((one, other) => compare(one.name.replaceAll("/", "\0"), other.name.replaceAll("/", "\0")));
  const text = rows.map(({ name, variant }) => `${sum(variant)}  ${name}\n`).join("");
  return new Variant(SUMS, text, 0o644, rows.map((it) => it.name));
}

const sorted = (object) =>
  Object.fromEntries(Object.entries(object).sort(([one], [other]) => compare(one, other)));

/** Adds both files to what was carved; returns the whole service. */
export function complete(carved, answers, { manifest, source, raw_tree, ignored }) {
  const whole = new Map(carved);
  const sums = seal(carved, ignored);
  whole.set(SUMS, sums);
  const given = Object.entries(answers).filter(([name]) => !name.startsWith("_"));
  const record = {
    template: manifest._template_name,
    version: manifest._version,
    ...source,
    raw_tree,
    answers: sorted(Object.fromEntries(given)),
    chassis: sum(sums),
    carved_tree: treeId(whole),
  };
  const text = `${JSON.stringify(sorted(record), null, 2)}\n`;
  const keys = text.split("\n").map((line) => line.split(":")[0]);
  return whole.set(RECORD, new Variant(RECORD, text, 0o644, keys));
}
