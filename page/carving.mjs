// The carving of hooks/post_gen_project.py: paths, then lines, then names. What it knows of the
// template (conditions, marks, quoting) is data that page/data.py takes from the template.

const PLACE = /\{\{ cookiecutter\.(\w+) \}\}/g;
const KEPT = 200; // variants of a file that are kept; typing makes a new one with each key

/** Says of everything that a path or a line can belong to whether it is on. */
export function conditions(answers, manifest) {
  const known = new Map();
  for (const [name, choices] of Object.entries(manifest._choices)) {
    for (const choice of choices) known.set(choice, choice === answers[name]);
  }
  for (const [name, answer] of Object.entries({ ...manifest, ...answers })) {
    if (typeof answer === "boolean") known.set(name, answer);
  }
  return known;
}

/** Decides `metrics`, or `database or cache`. */
const holds = (condition, known) => condition.split(" or ").some((name) => known.get(name));

const suffix = (path) => /[^/]\.[^./]+$/.test(path) ? path.slice(path.lastIndexOf(".")) : "";

/** A file of the raw tree: its lines, and what each belongs to. */
class RawFile {
  constructor(path, text, template) {
    const { manifest, comments, quoted, executable } = template;
    this.path = path;
    this.mode = executable.includes(path) ? 0o755 : 0o644;
    this.quoted = quoted.includes(suffix(path));
    this.belongs = Object.entries(manifest._paths)
      .filter(([, paths]) => paths.some((it) => `${path}/`.startsWith(`${it}/`)))
      .map(([condition]) => condition);
    const [opener, closer] = comments[suffix(path)] ?? ["#", ""];
    const marked = new RegExp(`^(.*?)(?:[ \\t]*${opener} (if (.+?)(:?)|else:?|end)${closer})?$`, "s");
    this.lines = [];
    let block = null;
    for (const [number, line] of text.split("\n").entries()) {
      const [, before, mark, condition] = line.includes(opener) ? marked.exec(line) : [];
      if (!mark) this.lines.push({ number, text: line, condition: block });
      else if (mark === "end") block = null;
      else if (before) this.lines.push({ number, text: before, condition });
      else block = condition;
    }
    this.asked = [...new Set(this.lines.map((it) => it.condition).filter(Boolean))];
    this.places = [...new Set([...text.matchAll(PLACE)].map((it) => it[1]))];
    this.variants = new Map();
  }

  /** The variant that these answers give, or nothing; the same ones give the same object. */
  variant(answers, known) {
    if (!this.belongs.every((it) => holds(it, known))) return undefined;
    const on = this.asked.filter((it) => holds(it, known));
    const key = JSON.stringify([on, this.places.map((name) => answers[name])]);
    let found = this.variants.get(key);
    if (!found) {
      const kept = this.lines.filter((it) => !it.condition || on.includes(it.condition));
      const text = this.fill(kept.map((it) => it.text).join("\n"), answers);
      found = new Variant(this.path, text, this.mode, kept.map((it) => it.number));
      if (this.variants.size >= KEPT) this.variants.clear();
      this.variants.set(key, found);
    }
    return found;
  }

  /** Puts the answers in their places; in code a place stands inside double quotes. */
  fill(text, answers) {
    const value = (name) => {
      const said = String(answers[name]);
      return this.quoted ? JSON.stringify(said).slice(1, -1) : said;
    };
    return text.replace(PLACE, (_, name) => value(name));
  }
}

/** A file of a service. `keys` tell which line of one variant is which of another one. */
export class Variant {
  constructor(path, text, mode, keys) {
    this.path = path;
    this.text = text;
    this.mode = mode;
    this.keys = keys;
    this.encoded = undefined;
    this.lines = undefined;
  }

  get bytes() {
    return (this.encoded ??= new TextEncoder().encode(this.text));
  }

  get count() {
    return (this.lines ??= this.text.split("\n").length - 1);
  }
}

/** Reads the raw tree once; what it returns carves: answers -> path -> variant, in order. */
export function reader(template) {
  const raw = Object.entries(template.files).map(([path, text]) => new RawFile(path, text, template));
  return (answers) => {
    const known = conditions(answers, template.manifest);
    const made = new Map();
    for (const file of raw) {
      const variant = file.variant(answers, known);
      if (variant) made.set(file.path, variant);
    }
    return made;
  };
}
