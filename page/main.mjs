// The page: answers in, a service to look at and to take along out.

import * as commands from "./commands.mjs";
import { differences, total } from "./difference.mjs";
import { fill, find } from "./dom.mjs";
import { drawChanges, drawQuestions, showAnswers } from "./questions.mjs";
import { open } from "./service.mjs";
import { copy, download, showCommands } from "./take.mjs";
import { openView } from "./view.mjs";

const PAUSE = 150; // milliseconds without a keystroke after which the changes are counted anew

const template = JSON.parse(find("template").textContent);
const { manifest, origin } = template;
const service = open(template);
const view = openView(origin);
const listeners = { answer: giveAnswer, compare };
const state = { given: {}, answers: {}, made: new Map() };
let counting;

/** Takes an answer; an empty slug is derived from the name again. */
function giveAnswer(name, value) {
  if (name === "project_slug" && value === "") delete state.given[name];
  else state.given[name] = value;
  update();
}

/** Takes other answers to all questions. */
function giveAnswers(given) {
  state.given = given;
  update();
}

/** Carves anew and shows everything; what is refused leaves the last service on show. */
function update() {
  const settled = service.settle(state.given);
  const refused = settled.refusals.length > 0;
  showAnswers(template, state.given, settled);
  find("download").disabled = refused;
  find("refused").hidden = !refused;
  fill("refused", `Nothing is carved from this: ${settled.refusals.length} to fix.`);
  const names = chosen(settled.answers);
  keepInLink(settled.answers, names);
  if (refused) return;
  state.answers = settled.answers;
  state.made = service.make(state.answers);
  showCommands(template, state.answers, names);
  view.showService(state.answers.project_slug, state.made);
  clearTimeout(counting);
  counting = setTimeout(countChanges, PAUSE);
}

/** Lists the questions that commands and the link have to answer. */
function chosen(answers) {
  const standard = service.settle({ project_name: answers.project_name }).answers;
  return commands.given(answers, { ...standard, project_name: manifest.project_name });
}

/** Writes the answers into the address of the page. */
function keepInLink(answers, names) {
  const kept = Object.fromEntries(names.map((name) => [name, answers[name]]));
  const fragment = commands.toFragment(kept);
  history.replaceState(null, "", fragment ? `#${fragment}` : location.pathname + location.search);
  find("link").value = location.href;
}

/** Carves with one other answer; nothing where that is the same service. */
function withOther(name, value) {
  const settled = service.settle({ ...state.answers, [name]: value });
  return settled.refusals.length || settled.answers[name] !== value ? undefined : settled;
}

/** Says at each question what its other answers would change. */
function countChanges() {
  const change = (name, value) => {
    const settled = withOther(name, value);
    return settled && total(differences(state.made, service.make(settled.answers)));
  };
  drawChanges(template, state.answers, change, listeners);
}

/** Compares the service with that of one other answer. */
function compare(name, value) {
  const settled = withOther(name, value);
  const made = service.make(settled.answers);
  view.showDifference({ name, value, made, resolved: settled.resolved });
  find("service-heading").focus();
}

/** Goes to a part of the page, for the eyes and for the keyboard. */
function jump(event) {
  const heading = find(event.currentTarget.dataset.to);
  heading.focus({ preventScroll: true });
  heading.scrollIntoView();
}

drawQuestions(template, listeners);
fill("version", manifest._version);
find("owner").hidden = !origin.address.includes("OWNER");
find("download").addEventListener("click", () => download(state.made, state.answers.project_slug));
find("back").addEventListener("click", () => view.showService(state.answers.project_slug, state.made));
find("apply").addEventListener("click", () => giveAnswer(...view.other()));
find("reset").addEventListener("click", () => giveAnswers({}));
for (const it of document.querySelectorAll("[data-of]")) it.addEventListener("click", copy);
for (const it of document.querySelectorAll("[data-to]")) it.addEventListener("click", jump);
find("form").addEventListener("submit", (event) => event.preventDefault());
addEventListener("hashchange", () => giveAnswers(commands.fromFragment(location.hash, manifest)));
giveAnswers(commands.fromFragment(location.hash, manifest));
