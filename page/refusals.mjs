// The refusals of hooks/pre_gen_project.py, word by word, and what literal_answers.py resolves.

import { isPrintable } from "./characters.mjs";

const MOST = 80; // characters of an answer that a refusal repeats

/** Answers every question: what is given, and the defaults, with true and false for yes and no. */
export function answer(given, { manifest, yes_or_no }, slugify) {
  const answers = {};
  for (const [name, asked] of Object.entries(manifest)) {
    if (name.startsWith("_")) continue;
    const standard = Array.isArray(asked) ? asked[0] : asked;
    answers[name] = given[name] ?? standard;
    if (name === "project_slug") answers[name] = given[name] ?? slugify(answers.project_name);
    if (typeof asked === "boolean" && typeof answers[name] === "string") {
      answers[name] = yes_or_no[answers[name].toLowerCase()] ?? answers[name];
    }
  }
  return answers;
}

/** Returns the answers without a contradiction, and a line for each one that was resolved. */
export function resolve(given, { needs }) {
  const answers = { ...given };
  const lines = [];
  for (const [question, [option, without, why]] of Object.entries(needs)) {
    const wanted = answers[question] ?? without;
    if (wanted !== without && answers[option] === false) {
      answers[question] = without;
      lines.push(`${question} is ${without}, not ${wanted}: ${why}, and ${option} is off.`);
    }
  }
  return { answers, lines };
}

/** Lists a line for each answer that will not do: its name, what is wrong, how to fix it. */
export function problems(answers, template) {
  const { manifest, texts, words, taken, contradictions } = template;
  const found = [];
  for (const [question, given] of Object.entries(answers)) {
    const shown = () => Array.from(repr(given, template)).slice(0, MOST).join("");
    if (question in texts) {
      found.push(...inText(given, texts[question], template).map((it) => `${question}: ${it}`));
    } else if (question in words) {
      const [pattern, fix] = words[question];
      if (typeof given !== "string" || !new RegExp(`^(?:${pattern})$`, "u").test(given)) {
        found.push(`${question}: ${shown()} will not do. ${fix}`);
      } else if (question === "project_slug" && Object.hasOwn(taken, given)) {
        found.push(`${question}: ${repr(given, template)} is ${taken[given]}. Try ${given}-service.`);
      }
    } else if (question in manifest._choices) {
      const choices = manifest._choices[question];
      if (!choices.includes(given)) {
        found.push(`${question}: ${shown()} is no choice. Choose ${choices.join(" or ")}.`);
      }
    } else if (typeof given !== "boolean") {
      found.push(`${question}: ${shown()} is neither true nor false. Answer yes or no.`);
    }
  }
  for (const [question, [option, fix]] of Object.entries(contradictions)) {
    const wanted = answers[question] ?? "none";
    if (wanted !== false && wanted !== "none" && answers[option] === false) {
      found.push(`${question}: ${fix}`);
    }
  }
  return found;
}

/** @type {[RegExp, string][]} */
const CATEGORIES = [[/\p{Cc}/u, "Cc"], [/\p{Cs}/u, "Cs"], [/\p{Zl}/u, "Zl"], [/\p{Zp}/u, "Zp"]];

/** Lists what keeps a text from standing in a line of any file. */
function inText(text, most, template) {
  const { spaces, unfit, hidden } = template;
  const characters = typeof text === "string" ? Array.from(text) : [];
  if (characters.every((it) => spaces.includes(it))) {
    const shown = Array.from(repr(text, template)).slice(0, MOST).join("");
    return [`has no text: ${shown}. Write a few words.`];
  }
  const found = [];
  if (characters.length > most) {
    found.push(`has ${characters.length} characters. Use at most ${most}.`);
  }
  const once = [...new Set(characters)].sort((a, b) => a.codePointAt(0) - b.codePointAt(0));
  for (const character of once) {
    const category = CATEGORIES.find(([pattern]) => pattern.test(character))?.[1];
    const reason = unfit[category] ?? (hidden.includes(character) && "an invisible character");
    if (reason) found.push(`holds ${reason}, ${repr(character, template, true)}. Write it without.`);
  }
  return found;
}

const ESCAPES = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** Writes a value as Python's repr does, or as its ascii. */
export function repr(value, { unprintable }, ascii = false) {
  if (typeof value === "boolean") return value ? "True" : "False";
  const quote = value.includes("'") && !value.includes('"') ? '"' : "'";
  const shown = Array.from(value, (character) => {
    const code = character.codePointAt(0);
    if (character === quote) return `\\${quote}`;
    if (ESCAPES[character]) return ESCAPES[character];
    const printable = code < 0x7f ? code > 0x1f : !ascii && isPrintable(code, unprintable);
    if (printable) return character;
    const digits = code.toString(16);
    if (code < 0x100) return `\\x${digits.padStart(2, "0")}`;
    return code < 0x10000 ? `\\u${digits.padStart(4, "0")}` : `\\U${digits.padStart(8, "0")}`;
  });
  return quote + shown.join("") + quote;
}
