// Keeps what the CRM says until the app's code is here to judge it, and sends for that code.
{
  const events = [];
  const keep = (event) => {
    if (event.source === parent && event.data?.type === "SYNC" && events.length < 32) events.push(event);
  };
  addEventListener("message", keep);
  const compile = (response) =>
    response.headers.get("Content-Type") === "application/wasm"
      ? WebAssembly.compileStreaming(response)
      : response.arrayBuffer().then((bytes) => WebAssembly.compile(bytes));
  window.__cordboard = {
    events,
    stop: () => removeEventListener("message", keep),
    media: "{{media}}" && (() => import("./{{media}}")),
    module: fetch("{{wasm}}", { integrity: "{{wasm-integrity}}" }).then(compile),
  };
}
