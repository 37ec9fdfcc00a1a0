// Answers for the tests what the port of the carving makes: a line of JSON for a line of JSON.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { compare, differences } from "../../page/difference.mjs";
import { open } from "../../page/service.mjs";
import { totals } from "../../page/totals.mjs";

const service = open(JSON.parse(readFileSync(process.argv[2], "utf8")));
const sum = (text) => createHash("sha256").update(text, "utf8").digest("hex");

const asked = {
  slug: (name) => service.slugify(name),
  settle: (given) => service.settle(given),
  make(answers) {
    const made = [...service.make(answers).values()];
    return Object.fromEntries(made.map(({ path, text, mode }) => [path, [sum(text), mode]]));
  },
  totals: (answers) => totals(service.make(answers)),
  /** Every file that differs between two services, with all its lines. */
  differences([one, other]) {
    const [before, after] = [service.make(one), service.make(other)];
    return differences(before, after).map((it) => ({
      ...it,
      lines: compare(before.get(it.path), after.get(it.path)),
    }));
  },
  /** Milliseconds that carving takes, each time with another name. */
  seconds({ answers, names }) {
    const began = performance.now();
    for (const name of names) service.make({ ...answers, project_name: name });
    return (performance.now() - began) / names.length;
  },
  /** Every variant, by path and sum of its text: the combinations that have it, as a number. */
  every({ choices, combinations, answers }) {
    const found = new Map();
    for (const [place, digits] of combinations) {
      const chosen = Object.entries(choices).map(([name, those], at) => [name, those[digits[at]]]);
      for (const variant of service.carve({ ...answers, ...Object.fromEntries(chosen) }).values()) {
        const name = (variant.name ??= `${variant.path} ${sum(variant.text)}`);
        if (!found.has(name)) found.set(name, new Uint8Array((combinations.at(-1)[0] >> 3) + 1));
        found.get(name)[place >> 3] |= 1 << (place & 7);
      }
    }
    const number = (bits) => Buffer.from(bits.reverse()).toString("hex");
    return Object.fromEntries([...found].map(([name, bits]) => [name, number(bits)]));
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const [name, argument] = JSON.parse(line);
  console.log(JSON.stringify(asked[name](argument)));
}
