// Builds elements from data. The data comes from players and may be hostile: it becomes text or an attribute, never markup.

const SVG = "http://www.w3.org/2000/svg";
const PROPERTIES = new Set(["value", "checked", "disabled", "indeterminate", "selected"]);
const ADDRESSES = new Set(["href", "src", "action", "formaction", "xlink:href"]);
const SAFE = new Set(["http:", "https:", "blob:"]);

/**
 * Make an element: `h("button.primary#go", {onClick: start, "aria-label": "Go"}, "Go")`.
 *
 * Props: `on<Event>` functions are listeners, `class` adds classes, `dataset` and `style` are objects, `value`, `checked`,
 * `disabled` are properties, others attributes (true: present; false, null: absent). Children: texts, numbers, nodes,
 * arrays of them; null, undefined, false and true are passed over. Props may be left out.
 */
export function h(selector, ...rest) {
  return make(parse(selector), rest, (tag) => document.createElement(tag));
}

/** The same for SVG. */
export function svg(selector, ...rest) {
  return make(parse(selector, "svg"), rest, (tag) => document.createElementNS(SVG, tag));
}

/** Replace the content of an element. */
export function replace(element, ...children) {
  element.replaceChildren(...nodes(children));
  return element;
}

/**
 * Replace the content of an element, except for what is there already or looks the same: that stays in its place, since
 * somebody may be about to press it. What looks the same must do the same.
 */
export function renew(element, ...children) {
  const wanted = nodes(children);
  wanted.forEach((node, n) => {
    const here = element.childNodes[n];
    if (here === node || here?.isEqualNode(node)) return;
    if (here && !wanted.includes(here)) here.replaceWith(node);
    else element.insertBefore(node, here ?? null);
  });
  while (element.childNodes.length > wanted.length) element.lastChild.remove();
  return element;
}

/** A text with a button that copies it. `label` says what it is. */
export function copyable(text, label = "text") {
  const code = h("code", { tabindex: "0", "aria-label": label }, text);
  return h("div.copyable", code, copyButton(() => text, label));
}

/** A button that copies the current value of `read()`, which may be a promise. */
export function copyButton(read, label, caption = "Copy") {
  const button = h("button.button.copy", { type: "button", "aria-label": `Copy ${label}`, title: `Copy ${label}` }, caption);
  button.addEventListener("click", async () => {
    const done = await copy(await read());
    button.textContent = done ? "Copied" : "Press Ctrl+C";
    setTimeout(() => {
      button.textContent = caption;
    }, 1500);
  });
  return button;
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copySelected(text); // a page over plain http on another machine has no clipboard
  }
}

function copySelected(text) {
  const area = h("textarea.hidden-text", { value: text, "aria-hidden": "true" });
  const focused = document.activeElement;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return done;
}

function make({ tag, classes, id }, rest, create) {
  const hasProps = rest.length > 0 && isProps(rest[0]);
  const element = create(tag);
  if (id) element.id = id;
  if (classes.length) element.setAttribute("class", classes.join(" "));
  if (hasProps) for (const [name, value] of Object.entries(rest[0])) set(element, name, value);
  element.append(...nodes(hasProps ? rest.slice(1) : rest));
  return element;
}

function isProps(value) {
  return value !== null && value !== undefined && typeof value === "object" && !Array.isArray(value) && !(value instanceof Node);
}

function parse(selector, fallback = "div") {
  const [head, id = ""] = selector.split("#");
  const [tag, ...classes] = head.split(".");
  return { tag: tag || fallback, classes, id };
}

function set(element, name, value) {
  if (value === null || value === undefined || value === false) {
    if (PROPERTIES.has(name)) element[name] = value ?? "";
  } else if (/^on[A-Z]/.test(name)) {
    element.addEventListener(name.slice(2).toLowerCase(), value);
  } else if (name === "class") {
    element.classList.add(...String(value).split(/\s+/).filter(Boolean));
  } else if (name === "dataset") {
    Object.assign(element.dataset, value);
  } else if (name === "style") {
    for (const [property, text] of Object.entries(value)) element.style.setProperty(property, String(text));
  } else if (PROPERTIES.has(name) && name in element) {
    element[name] = value;
  } else if (ADDRESSES.has(name.toLowerCase()) && !isSafe(String(value))) {
    throw new TypeError(`${name} may not be ${String(value).slice(0, 40)}`);
  } else if (/^on/i.test(name) || name.toLowerCase() === "srcdoc") {
    throw new TypeError(`${name} cannot be an attribute`);
  } else {
    element.setAttribute(name, value === true ? "" : String(value));
  }
}

function isSafe(address) {
  if (address.startsWith("data:image/")) return true;
  try {
    return SAFE.has(new URL(address, document.baseURI).protocol);
  } catch {
    return false;
  }
}

function nodes(children) {
  return children
    .flat(Infinity)
    .filter((child) => child !== null && child !== undefined && typeof child !== "boolean")
    .map((child) => (child instanceof Node ? child : document.createTextNode(String(child))));
}
