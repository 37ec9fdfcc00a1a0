// Makes elements of the page.

/** Makes an element; a property that begins with "on" is a listener. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((it) => it !== undefined && it !== null));
  return element;
}

/** Finds what index.html has. @returns {any} */
export const find = (id) => document.getElementById(id);

/** Replaces what an element holds. */
export const fill = (id, ...children) => find(id).replaceChildren(...children.flat());

const NUMBERS = new Intl.NumberFormat("en");
export const number = (it) => NUMBERS.format(it);

/** Writes how much came and went, such as +2 −31. */
export const signed = (more, fewer) => `+${number(more)} −${number(fewer)}`;
