// Addresses of pages, for links.

const part = encodeURIComponent;

// engineLink is the page of an engine.
export const engineLink = (kind, name) => `#/engine/${part(kind)}/${part(name)}`;

// traceLink is the page of a trace, at one of its spans when there is one.
export const traceLink = (trace, span) => `#/trace/${part(trace)}${span ? `/${part(span)}` : ""}`;

// listLink is a page with parameters, those that are empty left out.
export function listLink(page, params) {
  const set = Object.entries(params).filter(([, v]) => v !== "" && v !== null && v !== undefined && v !== false);
  const query = new URLSearchParams(set.map(([k, v]) => [k, v === true ? "1" : String(v)])).toString();
  return query ? `#/${page}?${query}` : `#/${page}`;
}

// replaceAddress changes the address without a new page.
export function replaceAddress(address) {
  history.replaceState(history.state, "", address);
}
