// The page: answers in, a service to look at out.

import * as commands from "./commands.mjs";
import { differences, total } from "./difference.mjs";
import { fill, find, make, number, signed } from "./dom.mjs";
import { drawChanges, drawQuestions, showAnswers } from "./questions.mjs";
import { open } from "./service.mjs";
import { totals } from "./totals.mjs";
import { drawDifferences, drawTree, zone } from "./tree.mjs";
import { describe, drawDifference, drawFile } from "./viewer.mjs";

const PAUSE = 150; // milliseconds without a keystroke after which the changes are counted anew
const FIRST = "app/main.py";

const template = JSON.parse(find("template").textContent);
const { manifest, origin } = template;
const service = open(template);
const state = { given: {}, answers: {}, made: new Map(), other: null, file: FIRST,
  folders: new Set(["app/"]), open: openFile };
const listeners = { answer: giveAnswer, compare };
let counting;

/** Takes an answer; an empty slug is derived from the name again. */
function giveAnswer(name, value) {
  if (name === "project_slug" && value === "") delete state.given[name];
  else state.given[name] = value;
  state.other = null;
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
  const standard = service.settle({ project_name: settled.answers.project_name }).answers;
  standard.project_name = manifest.project_name;
  const names = commands.given(settled.answers, standard);
  const kept = Object.fromEntries(names.map((name) => [name, settled.answers[name]]));
  const fragment = commands.toFragment(kept);
  history.replaceState(null, "", fragment ? `#${fragment}` : location.pathname + location.search);
  find("link").value = location.href;
  if (refused) return;
  state.answers = settled.answers;
  state.made = service.make(state.answers);
  const chosen = Object.keys(state.answers).filter((name) => typeof manifest[name] !== "string");
  find("uvx").value = commands.carveCommand(origin, state.answers, names);
  find("day-two").value = commands.changeCommand(origin, state.answers, chosen);
  show();
  clearTimeout(counting);
  counting = setTimeout(countChanges, PAUSE);
}

/** Carves with one other answer; nothing where that is the same service. */
function withOther(name, value) {
  const settled = service.settle({ ...state.answers, [name]: value });
  return settled.refusals.length || settled.answers[name] !== value ? undefined : settled;
}

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
  const found = differences(state.made, made);
  state.other = { name, value, made, found, resolved: settled.resolved };
  state.file = found[0]?.path ?? state.file;
  show();
  find("service-heading").focus();
}

/** Shows the tree, or what differs, and the open file. */
function show() {
  const { other } = state;
  find("difference").hidden = !other;
  fill("service-heading", other ? `What ${other.name}=${other.value} changes` : state.answers.project_slug);
  if (other) {
    const { added, removed, changed, more, fewer } = total(other.found);
    const words = `${number(added)} files come, ${number(removed)} go, ${number(changed)} change: ${signed(more, fewer)} lines.`;
    fill("sum", [words, ...other.resolved].join(" "));
    find("one").value = commands.oneCommand(origin, other.name, other.value);
  }
  showTotals();
  fill("tree", other ? drawDifferences(state, other.found) : drawTree(state, state.made));
  showFile();
}

/** Shows what the service amounts to, and what it would with the other answer. */
function showTotals() {
  const others = state.other && totals(state.other.made);
  fill("totals", totals(state.made).map(([name, count, which], place) => {
    const then = others?.[place][1];
    const words = others && then !== count ? `${number(count)} → ${number(then)}` : number(count);
    const summary = make("summary", {}, make("span", {}, name), make("b", {}, words));
    return make("details", { name: "total", "data-total": name }, summary, make("p", {}, which));
  }));
}

function openFile(path) {
  state.file = path;
  for (const it of find("tree").querySelectorAll("[data-path]")) {
    if (it.dataset.path === path) it.setAttribute("aria-current", "true");
    else it.removeAttribute("aria-current");
  }
  showFile();
  find("file").scrollIntoView({ block: "nearest" });
}

function showFile() {
  const { file, made, other } = state;
  const variant = made.get(file);
  const after = other?.made.get(file);
  if (!variant && !after) {
    fill("file-heading", file);
    fill("about", "These answers do not have this file.");
    fill("content");
    return;
  }
  fill("file-heading", file);
  fill("about", `${zone(file)}: ${describe(after ?? variant)}`);
  fill("content", other ? drawDifference(file, variant, after) : drawFile(variant));
}

function download() {
  const bytes = commands.archive(state.made, state.answers.project_slug);
  const address = URL.createObjectURL(new Blob([bytes], { type: "application/zip" }));
  make("a", { href: address, download: `${state.answers.project_slug}.zip` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

async function copy(event) {
  const field = find(event.target.dataset.of);
  field.select();
  await navigator.clipboard?.writeText(field.value);
  fill("said", "Copied.");
}

function readLink() {
  state.given = commands.fromFragment(location.hash, manifest);
  state.other = null;
  update();
}

drawQuestions(template, listeners);
fill("version", manifest._version);
find("download").addEventListener("click", download);
find("back").addEventListener("click", () => {
  state.other = null;
  show();
});
find("apply").addEventListener("click", () => giveAnswer(state.other.name, state.other.value));
find("reset").addEventListener("click", () => {
  state.given = {};
  state.other = null;
  update();
});
for (const it of document.querySelectorAll("[data-of]")) it.addEventListener("click", copy);
find("jump").addEventListener("click", () => find("looked").scrollIntoView());
find("form").addEventListener("submit", (event) => event.preventDefault());
addEventListener("hashchange", readLink);
readLink();
