// The closed sets of words, which the server writes into the head of the page.

/** @param {string} name */
function words(name) {
  return document.querySelector(`meta[name="${name}"]`).getAttribute("content").split(" ");
}

/** The event types; queries and fault rules accept no others. */
export const EVENT_TYPES = words("event-types");

/** The filters of a search, such as `finding` in `finding:ad`. */
export const FILTERS = words("search-filters");

/** The outcomes of a request. */
export const OUTCOMES = words("outcomes");
