// What a service amounts to, read from its own files.

const PYPROJECTS = ["pyproject.toml", "chassis/pyproject.toml"];
const PORT = /^\| `(\w+_PORT)` \| `(\d+)` \|/gm;

/** Lists the packages that the service itself needs, without those of its development. */
function dependencies(service) {
  const found = PYPROJECTS.flatMap((path) => {
    const listed = /^dependencies = \[\n(.*?)^\]/ms.exec(service.get(path)?.text ?? "")?.[1] ?? "";
    return [...listed.matchAll(/^ *"([\w.-]+)/gm)].map((it) => it[1]);
  });
  return [...new Set(found)].filter((it) => it !== "vendored-chassis").sort();
}

/** Reads the compose files that `make up` starts: containers, and the ports that they publish. */
function composed(service) {
  const includes = (service.get("compose.yaml")?.text ?? "").matchAll(/^ +- path: (\S+)/gm);
  const found = { containers: [], ports: [] };
  for (const [, path] of includes) {
    const text = service.get(path)?.text ?? "";
    const services = /^services:\n((?:[ #].*\n|\n)*)/m.exec(text)?.[1] ?? "";
    for (const [, name, body] of services.matchAll(/^ {2}([\w-]+):\n((?: {3}.*\n|\n)*)/gm)) {
      if (/^ {4}profiles:/m.test(body)) continue;
      found.containers.push(name);
      const ports = /^ {4}ports:\n((?: {6}.*\n)*)/m.exec(body)?.[1] ?? "";
      for (const [entry] of ports.matchAll(/- .*/g)) {
        const published = /(?::-|:)(\d+)\}?:\d+/.exec(entry)?.[1];
        found.ports.push(`${name} ${published ?? "(any that is free)"}`);
      }
    }
  }
  return found;
}

/** Lists what a service has: a name, how many, and which. */
export function totals(service) {
  const variants = [...service.values()];
  const settings = service.get("docs/settings.md")?.text ?? "";
  const own = [...settings.matchAll(PORT)].map((it) => `${it[1]} ${it[2]}`);
  const { containers, ports } = composed(service);
  const needed = dependencies(service);
  const size = variants.reduce((sum, it) => sum + it.bytes.length, 0);
  return [
    ["files", variants.length, `${Math.round(size / 1000)} kB`],
    ["lines", variants.reduce((sum, it) => sum + it.count, 0), "of all files"],
    ["dependencies", needed.length, needed.join(", ")],
    ["containers", containers.length, containers.join(", ") || "none"],
    ["ports", own.length + ports.length, [...own, ...ports].join(", ")],
  ];
}
