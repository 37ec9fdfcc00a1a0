// Takes the answers along: as a command, as a link, as an archive.

import { zipSync } from "fflate";

const REGULAR = 0o100000;
const UNIX = 3;
const EPOCH = new Date(1980, 0, 1, 12); // the same answers give the same archive

/** Quotes a word for a POSIX shell, as Python's shlex does. */
export const quote = (word) =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`;

const said = (answers, names) => names.map((name) => quote(`${name}=${answers[name]}`));

/** Lists the questions whose answer is not the one that is taken when none is given. */
export function given(answers, standard) {
  return Object.keys(answers).filter((name) => answers[name] !== standard[name]);
}

/** Writes the command that carves with these answers; what is not said is the default. */
export function carveCommand({ address, checkout }, answers, names) {
  const at = checkout ? ["--checkout", quote(checkout)] : [];
  const words = ["uvx cookiecutter", quote(address), ...at, "--no-input", ...said(answers, names)];
  return words.join(" ");
}

/** Names what uvx gets the program from. */
const program = ({ repository, checkout }) =>
  `uvx --from ${quote(`git+${repository}${checkout ? `@${checkout}` : ""}`)} carve`;

/** Writes the command that gives a service of any other answers these ones. */
export function changeCommand(origin, answers, names) {
  return `${program(origin)} change ${said(answers, names).join(" ")}`;
}

/** Writes the command that changes one answer. */
export function oneCommand(origin, name, value) {
  if (typeof value === "boolean") return `${program(origin)} ${value ? "add" : "remove"} ${name}`;
  return `${program(origin)} change ${quote(`${name}=${value}`)}`;
}

/** Writes the answers as the fragment of a link, and reads them from one. */
export const toFragment = (answers) => new URLSearchParams(Object.entries(answers)).toString();

export function fromFragment(fragment, manifest) {
  const found = [...new URLSearchParams(fragment.replace(/^#/, ""))];
  return Object.fromEntries(
    found.filter(([name]) => !name.startsWith("_") && Object.hasOwn(manifest, name)),
  );
}

/** Packs a service: its bytes, and the modes that its files have. */
export function archive(service, folder) {
  const packed = [...service.values()].map(({ path, bytes, mode }) => [
    `${folder}/${path}`,
    [bytes, { os: UNIX, attrs: ((REGULAR | mode) << 16) >>> 0, mtime: EPOCH }],
  ]);
  return zipSync(Object.fromEntries(packed), { level: 6 });
}

