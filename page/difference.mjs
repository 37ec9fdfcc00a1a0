// What differs between two services: files and lines that come and go.

const AROUND = 3; // lines of context

/** Lists the lines of two variants of a file: kept " ", gone "-", new "+". */
export function compare(old, changed) {
  const before = rows(old);
  const after = rows(changed);
  const left = new Set(before.map((it) => it.key));
  const found = [];
  let place = 0;
  for (const row of after) {
    const goes = left.has(row.key);
    while (goes && before[place].key !== row.key) found.push(["-", before[place++].text]);
    if (!goes) found.push(["+", row.text]);
    else if (before[place].text === row.text) found.push([" ", before[place++].text]);
    else found.push(["-", before[place++].text], ["+", row.text]);
  }
  return [...found, ...before.slice(place).map((it) => ["-", it.text])];
}

/** Pairs each line with what it is known by in the raw tree. */
function rows(variant) {
  const lines = variant ? variant.text.split("\n").slice(0, -1) : [];
  return lines.map((text, place) => ({ key: variant.keys[place], text }));
}

/** Leaves of the lines that are kept only those around others; null stands for lines left out. */
export function abridge(lines) {
  const shown = new Set();
  for (const [place, [kind]] of lines.entries()) {
    if (kind === " ") continue;
    for (let near = place - AROUND; near <= place + AROUND; near += 1) shown.add(near);
  }
  const found = [];
  for (const [place, line] of lines.entries()) {
    if (shown.has(place)) found.push(line);
    else if (found.at(-1) !== null) found.push(null);
  }
  return found;
}

/** Lists the files that differ, each with how many lines come and go. */
export function differences(old, changed) {
  const paths = [...new Set([...old.keys(), ...changed.keys()])].sort();
  return paths
    .filter((path) => old.get(path) !== changed.get(path))
    .map((path) => {
      const [before, after] = [old.get(path), changed.get(path)];
      const lines = before && after ? compare(before, after) : [];
      const count = (kind, whole) =>
        before && after ? lines.filter(([it]) => it === kind).length : (whole?.count ?? 0);
      const how = !before ? "added" : !after ? "removed" : "changed";
      return { path, how, more: count("+", after), fewer: count("-", before) };
    })
    .filter(({ how, more, fewer }) => how !== "changed" || more || fewer);
}

/** Sums differences up. */
export function total(found) {
  const sum = (name) => found.reduce((whole, it) => whole + it[name], 0);
  const files = (how) => found.filter((it) => it.how === how).length;
  return { added: files("added"), removed: files("removed"), changed: files("changed"),
    more: sum("more"), fewer: sum("fewer") };
}
