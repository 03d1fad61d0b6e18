// The search of a list. The server reads it: words, filters and conditions, see docs/page.md.

import { h } from "./dom.js";
import { FILTERS } from "./words.js";

const PAUSE_MS = 200;
const HINT = "Words, filters such as finding:ad severity:error, or conditions such as media.ad.id=ad-1";

/** Make the field: `changed(text)` is called after a pause, `down()` when the user goes on to the list. */
export function createSearchField({ value = "", label, placeholder, changed, down }) {
  const field = h("input.grow", {
    type: "search", value, placeholder, "aria-label": label, title: HINT, maxlength: 1000, spellcheck: "false", autocomplete: "off",
    list: "search-filters", dataset: { search: "" }, onInput: typed, onKeydown: key,
  });
  const filters = h("datalist#search-filters", FILTERS.map((name) => h("option", { value: `${name}:` })));
  let timer = 0;

  function typed() {
    clearTimeout(timer);
    timer = setTimeout(apply, PAUSE_MS);
  }

  function apply() {
    clearTimeout(timer);
    changed(field.value.trim());
  }

  function key(event) {
    if (event.key !== "Enter" && event.key !== "ArrowDown") return;
    if (event.key === "ArrowDown" && !field.value) return; // opens the list of filters
    event.preventDefault();
    down();
  }

  return {
    elements: [field, filters],
    set(text) {
      field.value = text;
    },
    focus: () => field.focus(),
    /** Mark the search as invalid. */
    invalid(is) {
      if (is) field.setAttribute("aria-invalid", "true");
      else field.removeAttribute("aria-invalid");
    },
    /** Drop input that is still pending: the page has gone to another address. */
    stop: () => clearTimeout(timer),
  };
}
