// Everything that the page asks of the template, without the page: tests drive it in Node.

import { reader } from "./carving.mjs";
import { complete } from "./record.mjs";
import { answer, problems, resolve } from "./refusals.mjs";
import { slugger } from "./slug.mjs";

/** Reads the template's data once. */
export function open(template) {
  const slugify = slugger(template);
  const carve = reader(template);
  return {
    template,
    slugify,
    /** Answers all questions; says what is refused, and what was resolved to something else. */
    settle(given) {
      const { answers, lines } = resolve(answer(given, template, slugify), template);
      return { answers, resolved: lines, refusals: problems(answers, template) };
    },
    carve,
    /** Carves the whole service, with the files that the hook writes last. */
    make: (answers) => complete(carve(answers), answers, template),
  };
}
