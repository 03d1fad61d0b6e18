// A tab of a session that shows one answer of the server, drawn anew when the server says something else.

import { h, replace } from "../dom.js";

/** `read()` asks the server, `said(answer)` is what of it can change, `draw(answer)` gives the elements. */
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
