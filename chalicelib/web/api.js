// The API as the page needs it: relative to the page's own address, with a deadline on every call,
// problem details as errors, and retries only where asking twice is the same as asking once.

const DEADLINE = 10_000;
const PAUSES = [400, 1500];

let skew = 0;

/** The server's clock: a device whose clock is wrong must not show a tip as expired. */
export const now = () => Date.now() + skew;

/** An address below the page (the API's stage may be part of the path). */
export const address = (path) => new URL(path, document.baseURI).href;

/** Why a call failed. `status` is 0 when no answer came; `detail` is the API's own sentence. */
export class Problem extends Error {
  constructor(status, document = {}, retryAfter = 0) {
    super(document.title || `status ${status}`);
    this.status = status;
    this.slug = String(document.type || "").split(":").pop();
    this.detail = document.detail || "";
    this.retryAfter = retryAfter;
  }

  /** Whether the same call may succeed later. */
  get passing() {
    return this.status === 0 || this.status >= 500 || [401, 408, 425, 429].includes(this.status);
  }
}

/** One call. Returns the answer's JSON (null when there is none) or throws a Problem. */
export async function call(method, path, body, { keepalive = false } = {}) {
  let response;
  try {
    response = await fetch(address(path), {
      method,
      keepalive,
      cache: "no-store",
      credentials: "same-origin",
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(DEADLINE),
    });
  } catch {
    throw new Problem(0);
  }
  const sent = Date.parse(response.headers.get("Date") || "");
  if (sent) skew = Math.abs(sent - Date.now()) > 5000 ? sent - Date.now() : 0;
  let answer = null;
  try {
    const text = await response.text();
    answer = text ? JSON.parse(text) : null;
  } catch {
    // An answer that is not JSON, or was cut off: the status decides.
    if (response.ok) throw new Problem(0);
  }
  if (!response.ok) throw new Problem(response.status, answer || {}, Number(response.headers.get("Retry-After")) || 0);
  return answer;
}

/** A call that may safely be repeated: twice more when nothing answered or the server failed. */
export async function ask(method, path, body) {
  for (const pause of [...PAUSES, null]) {
    try {
      return await call(method, path, body);
    } catch (problem) {
      const worthIt = (problem.status === 0 && navigator.onLine) || problem.status >= 500;
      if (pause === null || !worthIt) throw problem;
      await new Promise((resume) => setTimeout(resume, pause * (0.75 + Math.random() / 2)));
    }
  }
}

/** A random UUID; `crypto.randomUUID` exists only in secure contexts. */
export function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const b = crypto.getRandomValues(new Uint8Array(16));
  b[6] = (b[6] & 0x0f) | 0x40;
  b[8] = (b[8] & 0x3f) | 0x80;
  const hex = Array.from(b, (v) => v.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
