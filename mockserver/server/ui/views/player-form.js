// The form for simulated players: their mistake, API, content, number and server.

import { createField, Unreadable } from "../controls/fields.js";
import { isSameServer, playCommand, serverAddress } from "../controls/play-command.js";
import { copyButton, h, replace } from "../dom.js";
import { apiName } from "../format.js";

const SPEEDS = [["1", "real time"], ["10", "10 times as fast"], ["60", "60 times as fast"], ["max", "as fast as possible"]];
const DIALECTS = ["collection", "edge"];
const MOST_SEED = 2 ** 32 - 1; // seeds have 32 bits: the server accepts no larger ones
const TOO_MANY = 429;
const CAREFUL = "Reports as Adobe documents it.";

/**
 * Make the form; `submit(request)` starts the players. `offer(page)` sets what the server can play, `reached(here, known)`
 * where the server is. It starts nothing against other servers: a page must not make the server send requests to others.
 */
export function createPlayerForm({ origin, equivalents, submit }) {
  const flaw = h("select", { onChange: look }, h("option", { value: "" }, "none: a correct player"));
  const dialect = h("select", { onChange: look }, DIALECTS.map((value) => h("option", { value }, apiName(value))));
  const content = h("select", { onChange: look }, h("option", { value: "vod" }, "vod"));
  const speed = h("select", { onChange: look }, SPEEDS.map(([value, text]) => h("option", { value }, text)));
  const atMost = h("span");
  const fields = {
    count: createField({ name: "count", label: "How many", input: "int", start: "1", placeholder: "1" }, { hint: atMost, changed: look }),
    seed: createField({ name: "seed", label: "Seed", input: "int", placeholder: "any" }, { hint: "The same seed plays the same session", changed: look }),
    target: createField({ name: "target", label: "Play against", input: "text", start: origin, placeholder: origin }, { changed: look }),
  };
  const explained = h("p.muted.explained");
  const problem = h("p.problem", { hidden: true, role: "alert" });
  const button = h("button.button.primary", { onPointerenter: preview, onFocus: preview }, "Start a player");
  const way = h("p.muted", { role: "status" });
  const code = h("code", { tabindex: 0, role: "region", "aria-label": "Command line" });
  const command = h("div.copyable", code, copyButton(() => code.textContent, "the command line"));
  const element = h("form", { novalidate: true, "aria-label": "Start simulated players", onSubmit: start },
    h("div.choices", h("label.field", h("span", "Mistake"), flaw), h("label.field", h("span", "Reports to"), dialect)),
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
  let playing = 0;
  let crowd = null; // the most players since the form said that there are too many

  /**
   * What the form asks for: `{body, count, to, address, isHere}`; `isHere` says whether the button can play there. Fields
   * that cannot be used are marked, and null; `body` is null if any field is.
   */
  function read() {
    const [given, seed, to] = [value(fields.count, 1), value(fields.seed, undefined), value(fields.target, here)];
    const address = serverAddress(to);
    const isHere = known.includes(address);
    const limit = isHere ? most : null;
    const count = given >= 1 && given <= (limit ?? Infinity) ? given : null;
    const seedFits = seed === undefined || (seed !== null && seed >= 0 && seed <= MOST_SEED);
    if (!address) fields.target.fail("Enter an address like http://127.0.0.1:8089.");
    if (given !== null && count === null) fields.count.fail(`Enter ${limit === null ? "1 or more" : `1 to ${limit}`}, not ${given}.`);
    if (seed !== null && !seedFits) fields.seed.fail(`Enter 0 to ${MOST_SEED}, not ${seed}.`);
    if (!address || count === null || !seedFits) return { body: null, count, to, address, isHere };
    const body = { content: content.value, speed: speed.value === "max" ? "max" : Number(speed.value) };
    if (dialect.value !== DIALECTS[0]) body.dialect = dialect.value;
    if (flaw.value) body.flaw = flaw.value;
    if (count > 1) body.count = count;
    if (seed !== undefined) body.seed = seed;
    return { body, count, to, address, isHere };
  }

  /** The value of a field, `none` when it is empty; null when it cannot be read, and then the field is marked. */
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
    crowd = null;
    for (const field of Object.values(fields)) field.fail("");
  }

  function look() {
    clear();
    explained.textContent = [plays.get(content.value), texts.get(flaw.value) ?? CAREFUL].filter(Boolean).join(" ");
    const given = read();
    const { body, count, to, address, isHere } = given;
    away = address !== null && !isHere;
    button.textContent = count === 1 ? "Start a player" : body ? `Start ${count} players` : "Start players";
    button.disabled = busy || away;
    atMost.textContent = away || most === null ? "" : `At most ${most}`;
    const alone = `Players started here can only play against ${here}.`;
    say(!away ? "The same from a terminal:" : body ? `${alone} For another address, run this in a terminal:` : alone);
    way.classList.toggle("muted", !away);
    way.hidden = !away && !body;
    command.hidden = !body;
    if (body) replace(code, unbroken(playCommand(body, to, /^https:/.test(address) && isSameServer(address, known))));
    show(given);
  }

  function say(text) {
    if (way.textContent !== text) way.textContent = text;
  }

  function preview() {
    show(read());
  }

  function show(given) {
    if (given.isHere && given.body) equivalents.show(button.textContent, request(given));
    else equivalents.clear();
  }

  async function start(event) {
    event.preventDefault();
    if (busy) return;
    clear();
    const given = read();
    if (!given.body) return element.querySelector("[aria-invalid]")?.focus();
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

  /** Show a refusal of the server at its field. */
  function told({ message, pointer, status }) {
    const field = fields[(pointer ?? "").slice(1)];
    if (field) {
      field.fail(message);
      field.focus();
      return;
    }
    problem.textContent = message;
    problem.hidden = false;
    if (status === TOO_MANY) crowd = playing;
  }

  /** Set what can be played, and how many play: once there are fewer, the message that there are too many goes away. */
  function offer({ flaws, contents, players, most: limit }) {
    playing = players.filter(({ state }) => state === "running").length;
    if (crowd !== null && playing < crowd) clear();
    else if (crowd !== null) crowd = playing;
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

/** The same text in unbreakable pieces: otherwise a line could break after the hyphen of an option. */
function unbroken(text) {
  return text.split(/(?<= )(?=--)/).map((piece) => h("span", piece));
}

function request({ body }) {
  return { method: "POST", path: "/players", body };
}
