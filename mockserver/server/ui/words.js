// The closed sets of words, as the server knows them: it writes them into the head of the page.

/** @param {string} name */
function words(name) {
  return document.querySelector(`meta[name="${name}"]`).getAttribute("content").split(" ");
}

/** The event types of the wire: queries and fault rules take no others. */
export const EVENT_TYPES = words("event-types");

/** What can become of a request. */
export const OUTCOMES = words("outcomes");
