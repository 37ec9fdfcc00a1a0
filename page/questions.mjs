// The questions of cookiecutter.json with their help, and what each other answer would change.

import { fill, find, make, signed } from "./dom.mjs";

const alternatives = (asked, answer) => {
  if (typeof asked === "boolean") return typeof answer === "boolean" ? [!answer] : [];
  return Array.isArray(asked) ? asked.filter((it) => it !== answer) : [];
};

const shown = (value) => (typeof value === "boolean" ? (value ? "with it" : "without it") : value);

/** Draws a question: its control, where its refusals stand, and what other answers change. */
function question(name, asked, prompt, listeners) {
  const refusal = `${name}-refusal`;
  const described = { "aria-describedby": refusal };
  const help = typeof prompt === "string" ? prompt : prompt.__prompt__;
  const parts = [make("ul", { class: "refusal", id: refusal }), make("div", { class: "changes", id: `${name}-changes` })];
  if (typeof asked === "boolean") {
    const box = make("input", { type: "checkbox", id: name, name, ...described,
      onchange: (event) => listeners.answer(name, event.target.checked) });
    const label = make("label", { for: name }, make("code", {}, name), make("span", {}, help));
    return make("div", { class: "question option" }, box, label, ...parts);
  }
  if (Array.isArray(asked)) {
    const choices = asked.map((choice) =>
      make("label", { class: "choice" },
        make("input", { type: "radio", name, value: choice, ...described,
          onchange: () => listeners.answer(name, choice) }),
        make("span", {}, prompt[choice] ?? choice)));
    const legend = make("legend", {}, make("code", {}, name), make("span", {}, help));
    return make("fieldset", { class: "question" }, legend, make("div", { class: "choices" }, choices), ...parts);
  }
  const input = make("input", { type: "text", id: name, name, autocomplete: "off", spellcheck: "false",
    autocapitalize: "off", ...described, oninput: (event) => listeners.answer(name, event.target.value) });
  const label = make("label", { for: name }, make("code", {}, name), make("span", {}, help));
  return make("div", { class: "question" }, label, input, ...parts);
}

/** Draws all questions. */
export function drawQuestions({ manifest }, listeners) {
  const names = Object.keys(manifest).filter((name) => !name.startsWith("_"));
  fill("questions", names.map((name) =>
    question(name, manifest[name], manifest.__prompts__[name] ?? name, listeners)));
}

/** Shows the answers in their controls, but never touches what somebody types in. */
export function showAnswers({ manifest }, given, settled) {
  for (const [name, answer] of Object.entries(settled.answers)) {
    const asked = manifest[name];
    if (typeof asked === "boolean") find(name).checked = answer === true;
    else if (Array.isArray(asked)) {
      for (const it of find("form").elements[name]) it.checked = it.value === answer;
    } else if (document.activeElement !== find(name)) {
      find(name).value = name === "project_slug" ? (given[name] ?? "") : answer;
    }
    if (name === "project_slug") find(name).placeholder = answer;
    const refused = settled.refusals.filter((it) => it.startsWith(`${name}: `));
    const resolved = settled.resolved.filter((it) => it.startsWith(`${name} is `));
    fill(`${name}-refusal`, [...refused, ...resolved].map((it) => make("li", {}, it)));
    for (const it of document.getElementsByName(name)) {
      it.setAttribute("aria-invalid", String(refused.length > 0));
    }
  }
}

/** Draws what each other answer would change; `change` finds it out. */
export function drawChanges({ manifest }, answers, change, listeners) {
  for (const [name, answer] of Object.entries(answers)) {
    const buttons = alternatives(manifest[name], answer).map((value) => {
      const it = change(name, value);
      if (!it) return undefined;
      const words = `${shown(value)}: ${signed(it.added, it.removed)} files, ${signed(it.more, it.fewer)} lines`;
      return make("button", { type: "button", class: "change", "data-question": name,
        "data-answer": String(value), onclick: () => listeners.compare(name, value) }, words);
    });
    fill(`${name}-changes`, buttons.filter(Boolean));
  }
}
