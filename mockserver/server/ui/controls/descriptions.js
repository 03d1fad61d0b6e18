// The descriptions of records and their members, from the OpenAPI document of the server.

import { h } from "../dom.js";
/** @import { Api } from "../api.js" */

/**
 * Read them; `of(record)` gives `{text, members, schema}` of a record, whose members are `{text, schema}` by name.
 *
 * @param {Api} api
 */
export async function readDescriptions(api) {
  const { components } = await api.get("/openapi.json");
  return {
    of(record) {
      const schema = components.schemas[record] ?? {};
      const members = Object.entries(schema.properties ?? {}).map(([name, member]) => [name, { text: member.description ?? "", schema: member }]);
      return { text: schema.description ?? "", members: Object.fromEntries(members), schema };
    },
  };
}

/** A description with its code marked. */
export function rich(text) {
  return text.split(/``(.+?)``/).map((part, n) => (n % 2 ? h("code", part) : part.replace(/\bnull\b/g, "none")));
}
