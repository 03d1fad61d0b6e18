// Light, dark, or the theme of the system.

const KEY = "mockserver.theme";
const ORDER = ["system", "light", "dark"];

/** The chosen theme: "system", "light" or "dark". */
export function theme() {
  return document.documentElement.dataset.theme ?? "system";
}

/** Switch to the next theme and remember it. */
export function nextTheme() {
  const next = ORDER[(ORDER.indexOf(theme()) + 1) % ORDER.length];
  if (next === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // storage can be forbidden; then the choice lasts as long as the page
  }
  return next;
}
