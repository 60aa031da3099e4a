// How the page was opened: what its address asks for, and the worker that opens it next time.

import { openCapture } from "./capture.js";

/** What the address asks for: a screen, at once; the address of a receipt stays, it is to be kept. */
export function asked(openScreen) {
  const query = new URLSearchParams(location.search);
  const [receipt, screen, connected, source] = ["receipt", "screen", "connected", "source"].map((name) => query.get(name));
  if (receipt) return void openScreen("receipt", receipt);
  return () => {
    const failed = query.get("signin") === "failed" && (query.get("reason") || "failed");
    history.replaceState(null, "", location.pathname);
    if (query.has("capture")) openCapture(["title", "text", "url"].map((name) => query.get(name)).filter(Boolean).join(" "));
    else if (connected) openScreen("connections", { connected });
    else if (source) openScreen("connections", { source, reason: query.get("reason") });
    else if (screen === "access" || failed) openScreen("access", { failed });
  };
}

/** Lets the page open without a connection. */
export function installWorker() {
  if (!("serviceWorker" in navigator)) return;
  const policy = globalThis.trustedTypes?.createPolicy("oo-worker", { createScriptURL: (name) => name });
  const url = new URL("sw.js", document.baseURI).href;
  navigator.serviceWorker.register(policy ? policy.createScriptURL(url) : url).catch(() => {});
}
