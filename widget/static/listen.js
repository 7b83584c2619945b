// Keeps what the CRM says until the app's code is here to judge it, and sends for that code. Says so if it does not come soon.
{
  const events = [];
  const keep = (event) => {
    if (event.source === parent && event.data?.type === "SYNC" && events.length < 32) events.push(event);
  };
  addEventListener("message", keep);
  const say = (state, ms) => setTimeout(() => document.documentElement.classList.add(state), ms);
  say("slow", 3000);
  say("failed", 30000);
  const compile = (response) =>
    response.headers.get("Content-Type") === "application/wasm"
      ? WebAssembly.compileStreaming(response)
      : response.arrayBuffer().then((bytes) => WebAssembly.compile(bytes));
  window.__cordboard = {
    events,
    take: () => {
      removeEventListener("message", keep);
      return events;
    },
    hosts: () => "{{hosts}}",
    complete: () => document.body.append(document.querySelector("template").content),
    media: (loaded) => ("{{media}}" ? import("./{{media}}").then(loaded, () => loaded()) : loaded()),
    module: fetch("{{wasm}}", { integrity: "{{wasm-integrity}}" }).then(compile),
  };
}
