// From a build to what a rep sees, and back: a release on staging, a call, its entry on the timeline completed by the gateway, another release,
// and the first again. Who works is killed at each of its requests, and begins again.
import assert from "node:assert/strict";
import { test } from "node:test";
import { chromium } from "playwright-core";
import { NUMBERS, until } from "../../../crates/emulator/e2e/emulator.mjs";
import { FLAGS } from "../../../crates/emulator/e2e/office.mjs";
import { HOST, PASSWORD, World } from "./lib/world.mjs";

const STAGING = "--env staging";
const PUBLISH = `publish ${STAGING} --dir dist --without-handshake`;

test("from a release to a call that is logged, and back, killed at each step", async (t) => {
  // The certificate is this test's own.
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
  const world = await World.open();
  t.after(() => world.close());
  const args = [...FLAGS, `--host-resolver-rules=MAP ${HOST}:443 ${world.host}`];
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args });
  t.after(() => browser.close());
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  page.setDefaultTimeout(60_000);
  const widget = page.frameLocator("#hubspot-calling-extension-iframe");
  const button = (name) => widget.getByRole("button", { name, exact: true });
  const shows = (text) => widget.getByText(text, { exact: true }).first().waitFor();
  /** Loads the CRM's page, and answers of which release its widget is. */
  const release = async () => {
    const sent = page.waitForResponse(`https://${HOST}/`);
    await page.goto(`${world.crm}/?widget=https://${HOST}/`);
    const [, title] = /<title>(.*)<\/title>/.exec(await (await sent).text());
    return title;
  };

  await world.build("First");
  const first = await world.runKilled(PUBLISH);
  assert.equal(await release(), "First");

  await widget.locator("#name").fill("alex");
  await widget.locator("#password").fill(PASSWORD);
  await button("Sign in").click();
  await shows("Recent calls");
  await page.getByRole("button", { name: "Call Maria Alvarez, +1 617-555-0100", exact: true }).click();
  await shows("Connected");
  await page.getByRole("button", { name: "Maria Alvarez", exact: true }).click();
  const entry = page.getByRole("article").first();
  const id = await entry.getAttribute("data-engagement-id");
  await world.logsCall(id, { hs_timestamp: String(Date.now()), hs_call_status: "IN_PROGRESS", hs_call_body: "a quote" });
  await world.server.restart();
  await shows("Connected");

  const record = async () => (await world.kept()).calls[id];
  // As a user does whom the widget tells that the gateway can't be reached yet.
  const hangUp = () =>
    until("a call that is over", async () => {
      await widget.getByRole("button", { name: /^Hang up/ }).click({ timeout: 3_000 }).catch(() => {});
      return button("Save").waitFor({ timeout: 3_000 }).then(() => true, () => false);
    });
  const told = await world.tellsKilled(hangUp, async () => (await record()).hs_call_status === "COMPLETED");
  await button("Save").click();
  await page.getByText("Call logged on the timeline.").first().waitFor();
  assert.match(await entry.innerText(), /Completed[\s\S]*Duration/);
  const logged = await record();
  assert.ok(Number(logged.hs_call_duration) > 0, "as long as it took");
  assert.deepEqual([logged.hs_call_to_number, logged.hs_call_body], [NUMBERS.answers, "a quote"]);
  assert.match(logged.hs_call_external_id, /./, "by which HubSpot asks for the recording");

  await world.build("Second");
  const second = await world.runKilled(PUBLISH);
  assert.deepEqual([await release(), (await world.kept()).settings.name], ["Second", "Second"]);
  const back = await world.runKilled(`rollback ${STAGING}`);
  assert.deepEqual([await release(), (await world.kept()).settings.name], ["First", "First"]);
  // The session outlived it all.
  await page.getByRole("button", { name: "Calling app", exact: true }).click();
  await shows("Recent calls");

  const releases = (await world.run(`releases ${STAGING}`)).trim().split("\n");
  assert.equal(releases.length, 2);
  assert.equal(releases.filter((line) => line.endsWith("users get it")).length, 1);
  assert.deepEqual(Object.keys((await world.kept()).calls), [id], "nothing is logged twice");
  for (const kills of [first, told, second, back]) assert.ok(kills > 1, `${kills} kills`);
  t.diagnostic(`killed ${first + second} times publishing, ${told} logging, ${back} rolling back`);
});
