// Takes the answers along: shows the commands, copies, downloads.

import * as commands from "./commands.mjs";
import { fill, find, make } from "./dom.mjs";

const SHOWN = 5_000; // milliseconds that what happened stays on show
const KEPT = 60_000; // milliseconds in which a browser begins to read the archive
let clearing;

/** Writes the commands that turn these answers into a service. */
export function showCommands({ manifest, origin }, answers, names) {
  const chosen = Object.keys(answers).filter((name) => typeof manifest[name] !== "string");
  find("uvx").value = commands.carveCommand(origin, answers, names);
  find("day-two").value = commands.changeCommand(origin, answers, chosen);
  fill("folder", answers.project_slug);
  fill("address", answers.email);
  find("nobody").hidden = !answers.email.endsWith("@example.com");
}

/** Hands out the service as an archive. */
export function download(made, slug) {
  const blob = new Blob([commands.archive(made, slug)], { type: "application/zip" });
  const address = URL.createObjectURL(blob);
  make("a", { href: address, download: `${slug}.zip` }).click();
  setTimeout(() => URL.revokeObjectURL(address), KEPT);
}

/** Copies a command or the link; selects it where the browser does not let the page copy. */
export async function copy(event) {
  const field = find(event.currentTarget.dataset.of);
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    tell("Copied.");
  } catch {
    field.focus();
    tell("The browser does not let this page copy. It is selected: press Ctrl+C, or ⌘C.");
  }
}

function tell(words) {
  clearTimeout(clearing);
  fill("said", words);
  clearing = setTimeout(() => fill("said"), SHOWN);
}
