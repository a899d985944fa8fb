// The console's HTTP API. The token is kept for as long as the tab is open, and sent only in a header.

const key = "goflow.token";

// token gives what the viewer typed in, or "".
export const token = () => sessionStorage.getItem(key) ?? "";

// setToken keeps a token; "" forgets it.
export function setToken(text) {
  if (text) sessionStorage.setItem(key, text);
  else sessionStorage.removeItem(key);
  document.dispatchEvent(new Event("tokenchange"));
}

// Refused is an answer other than 200.
export class Refused extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

// request asks for a path below api/ and gives the response, or throws a Refused.
export async function request(path, options = {}) {
  const headers = new Headers(options.headers);
  if (token()) headers.set("Authorization", `Bearer ${token()}`);
  const response = await fetch(`api/${path}`, { ...options, headers, credentials: "omit", cache: "no-store" });
  if (!response.ok) throw new Refused(response.status, await reason(response));
  return response;
}

async function reason(response) {
  const text = await response.text();
  try {
    return JSON.parse(text).error || response.statusText;
  } catch {
    return text.slice(0, 200) || response.statusText;
  }
}

// get reads JSON. Parameters that are empty are left out.
export async function get(path, params = {}, signal) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value !== "" && value !== null && value !== undefined && value !== false) query.set(name, value);
  }
  const text = query.toString();
  return (await request(text ? `${path}?${text}` : path, { signal })).json();
}

// act does something with an engine and gives what came of it, in words.
export async function act(kind, name, action, args) {
  const response = await request("actions", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ kind, name, action, args }),
  });
  return (await response.json()).result;
}
