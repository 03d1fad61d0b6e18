// Buttons that each send one request, and show it beforehand.

import { h } from "../dom.js";
/** @import { Api } from "../api.js" */

const DWELL_MS = 150; // the pointer may cross other controls on its way to the strip

/**
 * Shared by the controls of one place: `send(label, request)` sends `{method, path, body}`, shows it as curl and Python
 * and reports the result; `button(...)` makes a button for it. `problem` shows refusals.
 * @param {{ api: Api, [other: string]: any }} given
 */
export function createActions({ api, announce, equivalents, changed = (answer) => {} }) {
  const problem = h("p.problem", { hidden: true, role: "alert" });

  async function send(label, request, said = `${label}: done`) {
    equivalents.show(label, request);
    try {
      const answer = await api[request.method.toLowerCase()](request.path, request.body);
      problem.hidden = true;
      announce(said);
      changed(answer);
      return answer;
    } catch (error) {
      if (!("status" in error)) throw error;
      problem.textContent = error.message;
      problem.hidden = false;
      return null;
    }
  }

  /** `request` may be a function, called when needed. With `confirm` a second press is needed, before it loses the focus. */
  function button(label, request, { name = label, class: looks = "", title = null, said = undefined, confirm = "", done = (answer) => {} } = {}) {
    const read = () => (typeof request === "function" ? request() : request);
    let sure = !confirm;
    let busy = false;
    let dwelling = 0;
    const element = h("button.button", { type: "button", class: looks, title, tabindex: confirm ? 0 : null, "aria-label": name === label ? null : name, onClick: press, onPointerenter: dwell, onPointerleave: () => clearTimeout(dwelling), onFocus: preview, onBlur: unsure }, label);

    function dwell() {
      clearTimeout(dwelling);
      dwelling = setTimeout(preview, DWELL_MS);
    }

    function preview() {
      const wanted = read();
      if (wanted) equivalents.show(name, wanted);
    }

    function unsure() {
      if (!confirm) return;
      sure = false;
      element.textContent = label;
      element.classList.remove("sure");
      if (name === label) element.removeAttribute("aria-label");
      else element.setAttribute("aria-label", name);
    }

    async function press() {
      clearTimeout(dwelling);
      if (busy) return;
      if (!sure) {
        sure = true;
        element.textContent = confirm;
        element.removeAttribute("aria-label");
        element.classList.add("sure");
        announce(`${name}: ${confirm}`);
        element.focus(); // not every browser does that to a button that is pressed; without its tabindex, Safari takes it away
        return;
      }
      const wanted = read();
      if (!wanted) return;
      busy = true;
      const answer = await send(name, wanted, said);
      busy = false;
      unsure();
      if (problem.hidden) done(answer);
    }

    return element;
  }

  return { problem, send, button };
}
