// What is wrong with where things stand in the window: texts for people, one per element.
() => {
  const wrong = [];
  const width = document.documentElement.clientWidth;
  const said = (element) => {
    const text = element.getAttribute("aria-label") || element.innerText || element.value || "";
    return `${element.localName}.${[...element.classList].join(".")} ${text.trim().slice(0, 40)}`;
  };
  const scrolls = (element, axis) => {
    for (let one = element.parentElement; one && one !== document.body; one = one.parentElement)
      if (/auto|scroll/.test(getComputedStyle(one)[axis])) return one;
    return null;
  };
  const isShown = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && !element.closest(".hidden-text, svg, .skip");

  if (document.documentElement.scrollWidth > width) wrong.push(`the page is ${document.documentElement.scrollWidth} wide in ${width}`);
  for (const element of document.body.querySelectorAll("*")) {
    if (!isShown(element)) continue;
    const box = element.getBoundingClientRect();
    if (!box.width || !box.height) continue;
    if ((box.right > width + 1 || box.left < -1) && !scrolls(element, "overflowX")) {
      const cut = element.parentElement.closest("*");
      let clipped = false;
      for (let one = cut; one; one = one.parentElement) if (getComputedStyle(one).overflowX === "hidden" || getComputedStyle(one).overflowX === "clip") clipped = true;
      if (!clipped) wrong.push(`outside of the window: ${said(element)}`);
    }
    const style = getComputedStyle(element);
    const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (/hidden|clip/.test(style.overflowX) && element.scrollWidth > element.clientWidth + 1 && element.innerText?.trim()
        && !element.closest("[title]") && !element.querySelector("[title]") && element.localName !== "select")
      wrong.push(`cut, and nothing says the rest: ${said(element)} ${element.scrollWidth} in ${element.clientWidth}`);
    else if (hasText && !element.closest("[title]")) {
      for (let one = element.parentElement; one && one !== document.body; one = one.parentElement) {
        const above = getComputedStyle(one);
        if (/auto|scroll/.test(above.overflowX)) break;
        if (/hidden|clip/.test(above.overflowX)) {
          const limit = one.getBoundingClientRect();
          if (box.right > limit.right + 1 || box.left < limit.left - 1) wrong.push(`cut by ${said(one).slice(0, 30)}: ${said(element)}`);
          break;
        }
      }
    }
  }
  const modal = document.querySelector("dialog[open], :popover-open");
  for (const element of document.querySelectorAll("a[href], button, input, select, textarea, summary, [role=tab]")) {
    if (!isShown(element) || element.disabled || (modal && !modal.contains(element))) continue;
    const box = element.getClientRects()[0];
    if (!box) continue;
    const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
    if (x < 0 || y < 0 || x >= width || y >= innerHeight) continue;
    let isInSight = true;
    for (let one = element.parentElement; one && one !== document.documentElement; one = one.parentElement) {
      if (getComputedStyle(one).overflow === "visible") continue;
      const limit = one.getBoundingClientRect();
      if (x < limit.left || x > limit.right || y < limit.top || y > limit.bottom) isInSight = false;
    }
    if (!isInSight) continue;
    const top = document.elementFromPoint(x, y);
    if (top?.closest("[role=grid] [role=columnheader], .heads")) continue; // scrolled below the heads of its list
    if (top && !element.contains(top) && !top.contains(element) && !(element.labels && [...element.labels].some((label) => label.contains(top))))
      wrong.push(`covered: ${said(element)} by ${said(top)}`);
  }
  return [...new Set(wrong)];
}
