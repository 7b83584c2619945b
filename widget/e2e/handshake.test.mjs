// How widget and host meet.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CONTEXT, Host } from "./lib/host.mjs";
import * as m from "./lib/messages.mjs";
import { SDK_VERSIONS } from "./lib/servers.mjs";
import { openStage, until } from "./lib/stage.mjs";

const stage = await openStage();

const ack = (context) => ({
  type: "SYNC_ACK",
  messageId: "<id>",
  hostUrl: stage.hosts,
  ...context,
  debugMode: false,
  version: "0.1.0",
  iFrameUrl: stage.widget,
});

for (const sdk of SDK_VERSIONS) {
  describe(`with the host class of SDK ${sdk}`, { concurrency: 3 }, () => {
    test("a SYNC that comes before the code is answered first, with what the host said and nothing else", async (t) => {
      const page = await stage.page(t);
      let release;
      const held = new Promise((done) => (release = done));
      await page.route("**/*.wasm", async (route) => {
        await held;
        await route.continue();
      });
      const sync = { ...CONTEXT, secret: "x", data: {} };
      const host = await Host.open(stage, t, { sdk, page, sync, greets: false });
      const frame = await host.widget.frame();
      await until("a SYNC", () => frame.evaluate(() => window.__cordboard?.events.length > 0));
      release();
      await host.expect("USER_AVAILABLE");
      assert.deepEqual(host.take(), [
        ack(CONTEXT),
        m.initialized({ isLoggedIn: false, isAvailable: false }),
        m.loggedIn,
        m.available,
      ]);
    });

    test("one SYNC is answered, however many come", async (t) => {
      const host = await Host.open(stage, t, { sdk, greets: false });
      const greeting = await host.greeting();
      assert.equal(greeting.filter(({ type }) => type === "SYNC_ACK").length, 1);
      await host.send("DIAL_NUMBER", { phoneNumber: "" });
      await host.expect("ERROR");
      assert.deepEqual(
        host.take().map(({ type }) => type),
        ["ERROR"],
      );
    });
  });
}

test("a host that comes late hears how things stand", async (t) => {
  const page = await stage.page(t);
  const host = await Host.open(stage, t, { page, greets: false, sync: { ...CONTEXT, type: "NOT YET" } });
  await host.widget.isReady();
  await page.evaluate(() => delete window.sync.type);
  await host.expect("INITIALIZED");
  assert.deepEqual(host.take(), [ack(CONTEXT), m.initialized({ isLoggedIn: true, isAvailable: true })]);
});

test("a host that never comes: the user is told after 30 s, and can call", async (t) => {
  const page = await stage.page(t);
  const begin = new Date("2026-01-01T00:00:00Z").getTime();
  await page.clock.install({ time: begin });
  const host = await Host.open(stage, t, { page, greets: false, sync: { type: "NOT A SYNC" } });
  await host.widget.isReady();
  // The widget was loaded after the clock had begun, however busy the machine is.
  await page.clock.pauseAt(begin + 29_900);
  assert.equal(await host.widget.text("The CRM page does not answer.").count(), 0);
  await page.clock.fastForward(30_000);
  await host.widget.sees("The CRM page does not answer.");
  await page.clock.resume();
  await host.widget.dial(m.NUMBERS.answers);
  await host.widget.reaches("Connected");
  assert.deepEqual(host.take(), []);
});

test("a browser that denies storage: everything works but keeping", async (t) => {
  const page = await stage.page(t);
  await page.addInitScript(() => {
    for (const name of ["localStorage", "sessionStorage"]) {
      Object.defineProperty(window, name, {
        get: () => {
          throw new DOMException("denied", "SecurityError");
        },
      });
    }
  });
  const host = await Host.open(stage, t, { page });
  await host.widget.dial(m.NUMBERS.answers);
  await host.widget.reaches("Connected");
  await host.widget.hangUp();
  await host.expect("CALL_ENDED");
});
