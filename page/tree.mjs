// The tree of a service, and the list of files that differ: what one opens a file from.

import { make, number, signed } from "./dom.mjs";

export const zone = (path) => (path.startsWith("chassis/") ? "chassis" : "yours");

const badge = (path) => make("span", { class: `zone ${zone(path)}` }, zone(path));

function opener(state, path, label, ...details) {
  const current = state.file === path ? "true" : undefined;
  const open = () => state.open(path);
  return make("li", {}, make("button", { type: "button", class: "file", "data-path": path,
    "aria-current": current, onclick: open }, make("span", { class: "name" }, label), ...details));
}

/** Sorts the files into their folders. */
function nested(service) {
  const top = { folders: new Map(), files: [], count: 0, size: 0 };
  for (const variant of service.values()) {
    const size = variant.bytes.length;
    let folder = top;
    for (const part of variant.path.split("/").slice(0, -1)) {
      if (!folder.folders.has(part)) {
        folder.folders.set(part, { folders: new Map(), files: [], count: 0, size: 0 });
      }
      folder = folder.folders.get(part);
      folder.count += 1;
      folder.size += size;
    }
    folder.files.push(variant);
  }
  return top;
}

const kilobytes = (size) => `${number(Math.max(0.1, Math.round(size / 100) / 10))} kB`;

/** Draws a folder; one that was opened stays open. */
function list(state, folder, around) {
  const folders = [...folder.folders].sort(([one], [other]) => (one < other ? -1 : 1));
  const files = folder.files.sort((one, other) => (one.path < other.path ? -1 : 1));
  return make("ul", {},
    folders.map(([name, inside]) => {
      const path = `${around}${name}/`;
      const open = state.folders.has(path);
      const summary = make("summary", {}, make("span", { class: "name" }, `${name}/`),
        make("span", { class: "size" }, `${inside.count} files, ${kilobytes(inside.size)}`),
        badge(path));
      const contents = () => list(state, inside, path);
      const details = make("details", { open }, summary, open ? contents() : undefined);
      details.addEventListener("toggle", () => {
        state.folders[details.open ? "add" : "delete"](path);
        if (details.open && details.children.length === 1) details.append(contents());
      });
      return make("li", {}, details);
    }),
    files.map((variant) =>
      opener(state, variant.path, variant.path.slice(around.length),
        make("span", { class: "size" }, kilobytes(variant.bytes.length)), badge(variant.path))),
  );
}

export const drawTree = (state, service) => list(state, nested(service), "");

/** Draws what differs: a file a row, with the lines that come and go. */
export function drawDifferences(state, found) {
  return make("ul", {}, found.map(({ path, how, more, fewer }) =>
    opener(state, path, path,
      make("span", { class: `how ${how}` }, how),
      make("span", { class: "size" }, signed(more, fewer)), badge(path))));
}
