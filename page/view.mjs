// Shows a service, or what one other answer changes in it: totals, tree, and the open file.

import { oneCommand } from "./commands.mjs";
import { differences, total } from "./difference.mjs";
import { fill, find, make, number, signed } from "./dom.mjs";
import { RECORD, SUMS } from "./record.mjs";
import { totals } from "./totals.mjs";
import { drawDifferences, drawTree, zone } from "./tree.mjs";
import { describe, drawDifference, drawFile } from "./viewer.mjs";

const FIRST = "app/main.py";

/** Opens the view; `origin` says where commands get the template from. */
export function openView(origin) {
  const state = { made: new Map(), other: null, file: FIRST, folders: new Set(["app/"]), open: openFile };

  /** Shows the tree of a service. */
  function showService(name, made) {
    Object.assign(state, { made, other: null });
    find("difference").hidden = true;
    fill("service-heading", name);
    show(drawTree(state, made));
  }

  /** Shows what differs in the service of one other answer. */
  function showDifference(other) {
    const found = differences(state.made, other.made);
    state.other = other;
    state.file = firstOf(found, state.file);
    find("difference").hidden = false;
    fill("service-heading", `What ${other.name}=${other.value} changes`);
    fill("sum", [summarize(total(found)), ...other.resolved].join(" "));
    find("one").value = oneCommand(origin, other.name, other.value);
    show(drawDifferences(state, found));
  }

  function show(tree) {
    showTotals();
    fill("tree", tree);
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
      if (it.getAttribute("data-path") === path) it.setAttribute("aria-current", "true");
      else it.removeAttribute("aria-current");
    }
    showFile();
    find("file").scrollIntoView({ block: "nearest" });
  }

  function showFile() {
    const { file, made, other } = state;
    const variant = made.get(file);
    const after = other?.made.get(file);
    fill("file-heading", file);
    if (!variant && !after) {
      fill("about", "These answers do not have this file.");
      fill("content");
      return;
    }
    fill("about", `${zone(file)}: ${describe(after ?? variant)}`);
    fill("content", other ? drawDifference(file, variant, after) : drawFile(variant));
  }

  const other = () => [state.other.name, state.other.value];
  return { showService, showDifference, other };
}

/** Chooses the file that tells most: the open one, or the first that is not made of the others. */
function firstOf(found, open) {
  const paths = found.map(({ path }) => path);
  if (paths.includes(open)) return open;
  return paths.find((path) => path !== RECORD && path !== SUMS) ?? paths[0] ?? open;
}

/** Says how much differs: 1 file added, 9 files removed: +4 −825 lines. */
function summarize({ more, fewer, ...files }) {
  const words = Object.entries(files)
    .filter(([, count]) => count)
    .map(([how, count]) => `${number(count)} ${count === 1 ? "file" : "files"} ${how}`);
  return `${words.join(", ") || "no file differs"}: ${signed(more, fewer)} lines.`;
}
