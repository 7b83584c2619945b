// Keeps what the CRM says until the app's code is here to judge it.
{
  const events = [];
  const keep = (event) => {
    if (event.source === parent && event.data?.type === "SYNC" && events.length < 32) events.push(event);
  };
  addEventListener("message", keep);
  window.__cordboard = { events, stop: () => removeEventListener("message", keep) };
}
