// A tab of a session that shows one answer of the server, and redraws when the answer changes.

import { h, replace } from "../dom.js";

/** `read()` asks the server, `said(answer)` returns the part that can change, `draw(answer)` the elements. */
export function createReadingTab(selector, { read, said, draw }) {
  const element = h(selector, h("p.muted", "Loading"));
  let disposed = false;
  let shown = "";

  return {
    element,
    async load() {
      try {
        const answer = await read();
        const text = JSON.stringify(said(answer));
        if (disposed || text === shown) return;
        shown = text;
        replace(element, draw(answer));
      } catch (error) {
        if (!disposed) replace(element, h("p.problem", { role: "alert" }, error.message));
      }
    },
    dispose() {
      disposed = true;
    },
  };
}
