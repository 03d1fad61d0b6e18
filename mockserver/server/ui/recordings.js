// Importing recordings that are dropped anywhere on the page, or chosen, as if the server had received them.

import { h, replace } from "./dom.js";
import { choosePlan, isPlan } from "./plan-file.js";
/** @import { Api } from "./api.js" */

const MOST_MIB = 64;

/**
 * Return a function that imports files; `tell(text, isProblem)` shows the result.
 *
 * @param {{ api: Api, go: (hash: string) => void, tell: (text: string, isProblem: boolean) => void }} given
 */
export function createTaker({ api, go, tell }) {
  return async function take(files) {
    const said = [];
    let last = null;
    for (const file of files) {
      try {
        if (isPlan(file)) {
          await choosePlan(file);
          go("#/plan");
          return;
        }
        if (file.size > MOST_MIB * 2 ** 20) throw new Error(`larger than ${MOST_MIB} MiB; use mockserver open`);
        tell(`Reading ${file.name}`, false);
        last = await api.send("/import", file);
        said.push(`${file.name}: ${summary(last)}`);
      } catch (error) {
        tell([...said, `${file.name}: ${error.message}`].join(". "), true);
        return;
      }
    }
    if (!last) return;
    tell(said.join(". "), false);
    go(last.sessions.length === 1 && files.length === 1 ? `#/sessions/${encodeURIComponent(last.sessions[0])}` : "#/sessions");
  };
}

function summary({ requests, sessions, left_out, without_body }) {
  const parts = [counted(sessions.length, "session"), counted(requests, "request")];
  if (left_out) parts.push(`${left_out} skipped (not media traffic)`);
  if (without_body.length) parts.push(`${without_body.length} skipped (recorded without a body)`);
  return parts.join(", ");
}

const counted = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

/**
 * Let files be dropped anywhere on the page. Returns the element that says what became of them.
 *
 * @param {{ api: Api, go: (hash: string) => void, announce: (text: string) => void }} given
 */
export function bindDrop({ api, go, announce }) {
  const text = h("p");
  const note = h("div.drop-note", { hidden: true, role: "alert" },
    text, h("button.button.quiet", { type: "button", "aria-label": "Close", onClick: () => { note.hidden = true; } }, "\u00d7"));
  const veil = h("div.drop-veil", { hidden: true, "aria-hidden": "true" }, h("p", "Drop a recording (HAR, journal or events), or a tracking plan"));
  document.body.append(veil);
  const take = createTaker({ api, go, tell });
  let depth = 0;

  function tell(said, isProblem) {
    replace(text, said);
    note.className = isProblem ? "drop-note problem" : "drop-note";
    note.hidden = false;
    announce(said);
  }

  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  window.addEventListener("dragenter", (event) => {
    if (!hasFiles(event)) return;
    depth += 1;
    veil.hidden = false;
  });
  window.addEventListener("dragleave", (event) => {
    if (!hasFiles(event)) return;
    depth = Math.max(0, depth - 1);
    veil.hidden = depth === 0;
  });
  window.addEventListener("dragover", (event) => {
    if (hasFiles(event)) event.preventDefault();
  });
  window.addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    depth = 0;
    veil.hidden = true;
    take([...event.dataTransfer.files]);
  });
  return note;
}

/**
 * Make the card to choose recordings.
 *
 * @param {{ api: Api, go: (hash: string) => void, announce: (text: string) => void, [other: string]: any }} given
 */
export function recordingsCard({ api, go, announce }) {
  const said = h("p", { hidden: true, role: "status" });
  const take = createTaker({ api, go, tell: (text, isProblem) => {
    replace(said, text);
    said.className = isProblem ? "problem" : "muted";
    said.hidden = false;
    announce(text);
  } });
  const chosen = h("input", { type: "file", multiple: true, accept: ".har,.ndjson,.json,.jsonl,.txt,.log", "aria-label": "Recordings",
    onChange: async () => {
      await take([...chosen.files]);
      chosen.value = "";
    } });
  return h("section.card", { "aria-label": "Recordings" }, h("h2", "Open a recording"),
    h("p.muted", "Choose a HAR file of a browser or proxy, an exported journal, or a file with one event per line, or drop it anywhere on this page. Nothing leaves this server."),
    chosen, said);
}
