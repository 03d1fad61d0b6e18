// The form of the simulated players: what is wrong with them, what they play, how many, and against whom.

import { createField, Unreadable } from "../controls/fields.js";
import { playCommand, serverAddress } from "../controls/play-command.js";
import { copyButton, h, replace } from "../dom.js";

const SPEEDS = [["1", "as in life"], ["10", "10 times as fast"], ["60", "60 times as fast"], ["max", "at once"]];
const CAREFUL = "It reports as Adobe asks for.";

/**
 * Make the form; `submit(request)` starts the players. `offer(page)` tells it what the server can play, `reached(here, known)`
 * where the server is. Against any other server it starts nothing: a page must not make the server send anything anywhere.
 */
export function createPlayerForm({ origin, equivalents, submit }) {
  const flaw = h("select", { onChange: look }, h("option", { value: "" }, "nothing: a careful player"));
  const content = h("select", { onChange: look }, h("option", { value: "vod" }, "vod"));
  const speed = h("select", { onChange: look }, SPEEDS.map(([value, text]) => h("option", { value }, text)));
  const atMost = h("span");
  const fields = {
    count: createField({ name: "count", label: "How many", input: "int", start: "1", placeholder: "1" }, { hint: atMost, changed: look }),
    seed: createField({ name: "seed", label: "Seed", input: "int", placeholder: "any" }, { hint: "Same seed, same play", changed: look }),
    target: createField({ name: "target", label: "Play against", input: "text", start: origin, placeholder: origin }, { changed: look }),
  };
  const explained = h("p.muted.explained");
  const problem = h("p.problem", { hidden: true, role: "alert" });
  const button = h("button.button.primary", { onPointerenter: preview, onFocus: preview }, "Start a player");
  const way = h("p.muted", { role: "status" });
  const code = h("code", { tabindex: 0, role: "region", "aria-label": "Command line" });
  const command = h("div.copyable", code, copyButton(() => code.textContent, "the command line"));
  const element = h("form", { novalidate: true, "aria-label": "Start simulated players", onSubmit: start },
    h("label.field", h("span", "What is broken about it"), flaw),
    h("div.choices", h("label.field", h("span", "Content"), content), h("label.field", h("span", "Speed"), speed), fields.count.element, fields.seed.element),
    explained,
    h("div.target", fields.target.element, button),
    problem, way, command);
  let texts = new Map();
  let plays = new Map();
  let most = null;
  let here = origin;
  let known = [origin];
  let busy = false;
  let away = false;

  /** What the form asks for: `{body, to}`, and whether that is this server; null for what cannot be used, which is marked. */
  function read() {
    const [count, seed, target] = [value(fields.count, 1), value(fields.seed, undefined), value(fields.target, here)];
    const address = serverAddress(target);
    const isHere = known.includes(address);
    const limit = isHere ? most : null;
    const fits = count !== null && count >= 1 && count <= (limit ?? Infinity);
    if (!address) fields.target.fail("Write it like http://127.0.0.1:8089.");
    if (count !== null && !fits) fields.count.fail(`${limit === null ? "1 or more" : `1 to ${limit}`}, not ${count}.`);
    if (!address || !fits || seed === null) return null;
    const body = { content: content.value, speed: speed.value === "max" ? "max" : Number(speed.value) };
    if (flaw.value) body.flaw = flaw.value;
    if (count > 1) body.count = count;
    if (seed !== undefined) body.seed = seed;
    return { body, to: target, isHere };
  }

  /** The value of a field, `none` when it is empty; null for what cannot be read, which is marked. */
  function value(field, none) {
    try {
      return field.read() ?? none;
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      field.fail(error.message);
      return null;
    }
  }

  function clear() {
    problem.hidden = true;
    for (const field of Object.values(fields)) field.fail("");
  }

  function look() {
    clear();
    explained.textContent = [plays.get(content.value), texts.get(flaw.value) ?? CAREFUL].filter(Boolean).join(" ");
    const given = read();
    away = given !== null && !given.isHere;
    const count = given?.body.count ?? 1;
    if (given) button.textContent = count > 1 ? `Start ${count} players` : "Start a player";
    button.disabled = busy || away;
    atMost.textContent = away || most === null ? "" : `At most ${most}`;
    say(away ? `Players started here play only against ${here}. For another address, run this in a terminal:` : "The same in a terminal:");
    way.classList.toggle("muted", !away);
    way.hidden = command.hidden = given === null;
    if (given) replace(code, unbroken(playCommand(given.body, given.to, given.isHere && /^https:/i.test(given.to))));
    show(given);
  }

  function say(text) {
    if (way.textContent !== text) way.textContent = text;
  }

  function preview() {
    show(read());
  }

  function show(given) {
    if (given?.isHere) equivalents.show(button.textContent, request(given));
    else equivalents.clear();
  }

  async function start(event) {
    event.preventDefault();
    if (busy) return;
    clear();
    const given = read();
    if (!given) return element.querySelector("[aria-invalid]")?.focus();
    if (!given.isHere) return;
    busy = button.disabled = true;
    try {
      await submit(request(given));
    } catch (error) {
      told(error);
    } finally {
      busy = false;
      button.disabled = away;
    }
  }

  /** Show what the server refused where it lies. */
  function told({ message, pointer }) {
    const field = fields[(pointer ?? "").slice(1)];
    if (field) {
      field.fail(message);
      field.focus();
      return;
    }
    problem.textContent = message;
    problem.hidden = false;
  }

  function offer({ flaws, contents, most: limit }) {
    if (texts.size) return;
    texts = new Map(flaws.map(({ name, text }) => [name, text]));
    plays = new Map(contents.map(({ name, text }) => [name, text]));
    most = limit;
    flaw.append(...flaws.map(({ name }) => h("option", { value: name }, name.replaceAll("-", " "))));
    if (contents.length) replace(content, contents.map(({ name }) => h("option", { value: name }, name)));
    look();
  }

  function reached(address, all) {
    const untouched = serverAddress(fields.target.read() ?? here) === serverAddress(here);
    here = address;
    known = [origin, address, ...all].map(serverAddress);
    if (untouched) fields.target.set(here);
    look();
  }

  speed.value = "10";
  look();
  return { element, offer, reached };
}

/** The same text in pieces that a line break does not tear apart: it would come after a hyphen of an option. */
function unbroken(text) {
  return text.split(/(?<= )(?=--)/).map((piece) => h("span", piece));
}

function request({ body }) {
  return { method: "POST", path: "/players", body };
}
