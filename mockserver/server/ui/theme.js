// Sets the theme before anything is drawn, so that a dark page never flashes white. A classic script, since modules load late.
"use strict";
{
  const chosen = (() => {
    try {
      return localStorage.getItem("mockserver.theme");
    } catch {
      return null; // storage can be forbidden
    }
  })();
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
}
