// Signing in on the company's own page: from the widget in a frame of another site, through a window, and back.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Company, leaves } from "./lib/company.mjs";

const company = await Company.open();
after(async () => {
  await company.close();
  assert.deepEqual(company.leaks(), [], "nothing personal, and nothing secret, in the console and the gateway's log");
});

const READY = "Recent calls";

test("a rep signs in and calls", async (t) => {
  const desk = await company.desk(t);
  await desk.sees("Its own page opens in a window.");
  await leaves(await desk.window(), "Allow");
  await desk.sees(READY);
  await desk.page.getByRole("button", { name: "Call Maria Alvarez, +1 617-555-0100", exact: true }).click();
  await desk.widget.getByText("Connected", { exact: true }).first().waitFor();
  // The session is one like any other: it outlives a reload.
  await desk.page.reload();
  await desk.widget.getByText("Connected", { exact: true }).first().waitFor();
  await desk.widget.getByRole("button", { name: /^Hang up/ }).click();
  // The page may go now: the call is not there any more for the same rep in the tests below.
  await desk.widget.getByRole("button", { name: "Save", exact: true }).waitFor();
});

test("a window that is closed or says no leads back to where it can be tried again", async (t) => {
  const desk = await company.desk(t);
  await (await desk.window()).close();
  await desk.sees("The window for it was closed or blocked.");
  await leaves(await desk.window(), "Deny");
  await desk.sees("Your account does not allow it.");
  await leaves(await desk.window(), "Allow");
  await desk.sees(READY);
});

test("a window that its page cut off says what to do", async (t) => {
  company.identity.headers = { "Cross-Origin-Opener-Policy": "same-origin" };
  t.after(() => (company.identity.headers = {}));
  const desk = await company.desk(t);
  const popup = await desk.window();
  await desk.sees("The window for it was closed or blocked.");
  await popup.getByRole("link", { name: "Allow" }).click();
  await popup.getByText("this window lost its connection to the phone").waitFor();
  company.identity.headers = {};
  await leaves(await desk.window(), "Allow");
  await desk.sees(READY);
});

test("who lures somebody into signing in hears nothing", async (t) => {
  company.identity.asks = false;
  t.after(() => (company.identity.asks = true));
  const page = await company.page(t, company.strangers);
  const start = (origin) => `${company.gateway}/auth/oidc/start?challenge=${"0".repeat(64)}&origin=${origin}`;
  await page.evaluate(() => {
    window.heard = [];
    addEventListener("message", ({ data }) => window.heard.push(data));
  });
  const open = async (url) => {
    const [popup] = await Promise.all([page.waitForEvent("popup"), page.evaluate((url) => void open(url), url)]);
    return popup;
  };
  // The link is good, and somebody is signed in at the provider: all that is missing is a widget that asked for it.
  const popup = await open(start(company.gateway));
  if (!popup.isClosed()) await popup.waitForEvent("close");
  const refused = await open(start(company.strangers));
  await refused.getByText("This page can't be opened like this.").waitFor();
  assert.deepEqual(await page.evaluate(() => window.heard), []);
});
