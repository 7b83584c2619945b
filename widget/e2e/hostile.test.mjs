// Pages that mean harm: nothing may change where the widget's messages go, reach the wrong window, or throw.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SOFTPHONE } from "./lib/files.mjs";
import { FIRST_ENGAGEMENT, Host } from "./lib/host.mjs";
import * as m from "./lib/messages.mjs";
import { serveBundle, serveHosts } from "./lib/servers.mjs";
import { heard, posts, settled, spyOn } from "./lib/spy.mjs";
import { openStage, until } from "./lib/stage.mjs";

const { NUMBERS } = m;
const stage = await openStage();
/** Not on the list of those who may embed the widget. */
const foreign = await stage.serve(serveHosts("127.0.0.1"));
/** The widget on a static host that does not send the headers, so that the browser lets anybody embed it. */
const unguarded = await stage.serve(serveBundle(SOFTPHONE, { withHeaders: false }));

const sync = (hostUrl) => ({ type: "SYNC", messageId: `${Date.now()}_${Date.now()}`, hostUrl, portalId: 1 });
/** What a page tries that wants to be taken for the CRM. */
const attack = (allowed, own) => [
  sync(allowed),
  sync(own),
  sync("*"),
  { type: "READY", messageId: "1_1", data: {} },
  { type: "SET_WIDGET_URL", messageId: "1_2", iFrameUrl: own, data: { iFrameUrl: own } },
  { type: "SYNC_ACK", messageId: "1_3", iFrameUrl: own },
  { type: "DIAL_NUMBER", messageId: "1_4", data: { phoneNumber: "+16175550100" } },
  { type: "CREATE_ENGAGEMENT_SUCCEEDED", messageId: "1_5", data: { engagementId: 6666 } },
  { type: "END_CALL", messageId: "1_6", data: {} },
  { type: "NOBODY_KNOWS", messageId: "1_7" },
];

async function attackedPage(t, url, options) {
  const page = await stage.page(t, options);
  await spyOn(page);
  await page.goto(url);
  return page;
}

/** Puts a frame into a frame's page; `shown` is what the browser shows in it. */
async function embed(into, shown, src = shown) {
  await into.evaluate((src) => {
    const frame = document.body.appendChild(document.createElement("iframe"));
    frame.width = 400;
    frame.height = 650;
    frame.src = src;
  }, src);
  return until(`a frame with ${shown}`, () => into.childFrames().find((frame) => frame.url().startsWith(shown)));
}

/** Sends messages from one frame to a window that its code finds. */
const postAll = (frame, path, messages) =>
  frame.evaluate(
    ([path, messages]) => {
      const target = path.split(".").reduce((found, name) => found[name], window);
      for (const message of messages) target.postMessage(message, "*");
    },
    [path, messages],
  );

/** The widget in a frame, once it could have answered. */
async function started(frame) {
  await frame.getByRole("button", { name: "Call", exact: true }).waitFor();
  return frame;
}

/** A call without a CRM, by hand: it works, and nobody is told. */
async function callsUnheard(frame) {
  await frame.getByRole("textbox", { name: "Number" }).fill(NUMBERS.answers);
  await frame.getByRole("button", { name: "Call", exact: true }).click();
  await frame.getByText("Connected", { exact: true }).first().waitFor();
  assert.deepEqual(await posts(frame), []);
}

describe("who may not embed the widget", { concurrency: 3 }, () => {
  test("is not shown it, where the host sends its headers", async (t) => {
    const page = await attackedPage(t, foreign);
    await embed(page.mainFrame(), "chrome-error:", stage.widget);
    assert.deepEqual(await heard(page), []);
  });

  test("is told nothing, where the host does not", async (t) => {
    const page = await attackedPage(t, foreign);
    const frame = await started(await embed(page.mainFrame(), unguarded));
    await postAll(page.mainFrame(), "frames.0", attack(stage.hosts, foreign));
    await settled(page, frame);
    assert.deepEqual(await heard(page), []);
    await callsUnheard(frame);
  });

  test("is told nothing though it is embedded by who may", async (t) => {
    const page = await attackedPage(t, stage.hosts);
    const middle = await embed(page.mainFrame(), foreign);
    const frame = await started(await embed(middle, unguarded));
    await postAll(page.mainFrame(), "frames.0.frames.0", attack(stage.hosts, stage.hosts));
    await postAll(middle, "frames.0", attack(stage.hosts, foreign));
    await settled(middle, frame);
    for (const window of [page, middle]) assert.deepEqual(await heard(window), []);
    await callsUnheard(frame);
  });
});

describe("windows that are not the parent, on an origin that may embed the widget", { concurrency: 3 }, () => {
  test("a sibling is not heard, before the handshake and after", async (t) => {
    const page = await attackedPage(t, stage.hosts);
    const frame = await started(await embed(page.mainFrame(), stage.widget));
    const sibling = await embed(page.mainFrame(), `${stage.hosts}/?sibling`);
    const attacks = attack(stage.hosts, stage.hosts);
    await postAll(sibling, "parent.frames.0", attacks);
    await settled(page, frame);
    assert.deepEqual(await posts(frame), []);

    await postAll(page.mainFrame(), "frames.0", [sync(stage.hosts)]);
    await settled(page, frame);
    const greeting = await posts(frame);
    assert.deepEqual(
      greeting,
      ["SYNC_ACK", "INITIALIZED"].map((type) => ({ type, origin: stage.hosts })),
    );
    await postAll(sibling, "parent.frames.0", attacks);
    await settled(page, frame);
    assert.deepEqual(await posts(frame), greeting);
    assert.deepEqual(await heard(sibling), []);
  });

  test("a child is not heard", async (t) => {
    const page = await attackedPage(t, stage.hosts, { bypassCSP: true });
    const frame = await started(await embed(page.mainFrame(), stage.widget));
    const child = await embed(frame, `${stage.hosts}/?child`);
    await postAll(child, "parent", attack(stage.hosts, stage.hosts));
    await settled(child, frame, ["parent", "frames[0]"]);
    await frame.evaluate(() => document.querySelector("iframe").remove());
    await callsUnheard(frame);
  });

  test("an opener is not heard", async (t) => {
    const page = await attackedPage(t, stage.hosts);
    await page.context().addInitScript(() => (window.heard = []));
    const popup = page.waitForEvent("popup");
    await page.evaluate((src) => (window.popup = open(src)), stage.widget);
    const widget = await popup;
    await widget.getByRole("button", { name: "Call", exact: true }).waitFor();
    await widget.evaluate(() => addEventListener("message", (event) => window.heard.push(event.data)));
    await postAll(page.mainFrame(), "popup", attack(stage.hosts, stage.hosts));
    await settled(page, widget, ["popup", "opener"]);
    assert.deepEqual(await heard(page), []);
    await widget.getByRole("textbox", { name: "Number" }).fill(NUMBERS.answers);
    await widget.getByRole("button", { name: "Call", exact: true }).click();
    await widget.getByText("Connected", { exact: true }).first().waitFor();
  });
});

describe("a host that is broken or taken over", { concurrency: 3 }, () => {
  /** A host whose widget's messages are watched. */
  async function watched(t, options) {
    const page = await stage.page(t);
    await spyOn(page);
    const host = await Host.open(stage, t, { page, ...options });
    return { host, frame: await host.widget.frame() };
  }

  /** All that was ever posted went to the one origin, and all of it arrived; and a call still works. */
  async function staysUsable({ host, frame }) {
    await settled(host.page, frame);
    host.take();
    await host.widget.dial(NUMBERS.answers);
    await host.widget.reaches("Connected");
    await host.widget.hangUp();
    await host.widget.button("Save").click();
    await host.widget.isReady();
    assert.deepEqual(
      host.take().map(({ type }) => type),
      ["OUTGOING_CALL_STARTED", "CALL_ANSWERED", "CALL_ENDED", "CALL_COMPLETED"],
    );
    const targets = new Set((await posts(frame)).map(({ origin }) => origin));
    assert.deepEqual([...targets], [stage.hosts]);
  }

  test("a SYNC that names another host is answered to the one that sent it", async (t) => {
    const it = await watched(t);
    for (const hostUrl of ["*", "null", "", "https://app.hubspot.com", foreign, "javascript:alert(1)", 1, null, {}]) {
      it.host.take();
      await it.host.post((hostUrl) => [{ type: "SYNC", messageId: `${Math.random()}_1`, hostUrl }], hostUrl);
      await settled(it.host.page, it.frame);
      for (const message of it.host.take()) assert.equal(message.hostUrl, undefined);
    }
    await staysUsable(it);
  });

  test("a first SYNC that names another host", async (t) => {
    const it = await watched(t, { sync: { hostUrl: foreign } });
    await staysUsable(it);
  });

  test("SET_WIDGET_URL, READY and other words between hosts mean nothing to a widget", async (t) => {
    const it = await watched(t);
    await it.host.post(
      (url) =>
        ["SET_WIDGET_URL", "READY", "SYNC_ACK", "SYNC_ACK_FAILED", "ERROR"].map((type) => ({
          type,
          messageId: "1_1",
          iFrameUrl: url,
          hostUrl: url,
          data: { iFrameUrl: url, message: "x" },
        })),
      foreign,
    );
    await settled(it.host.page, it.frame);
    assert.deepEqual(it.host.take(), []);
    await staysUsable(it);
  });

  test("data of every kind", async (t) => {
    const it = await watched(t);
    await it.host.post(() => {
      const cycle = { type: "DIAL_NUMBER", messageId: "1_1" };
      cycle.data = cycle;
      const list = [];
      list.push(list);
      let deep = {};
      for (let depth = 0; depth < 2_000; depth += 1) deep = { type: "DIAL_NUMBER", messageId: "1_1", data: deep };
      const getter = {
        type: "DIAL_NUMBER",
        messageId: "1_1",
        get data() {
          return {
            get phoneNumber() {
              return "abc";
            },
          };
        },
      };
      const proto = JSON.parse('{"__proto__":{"type":"DIAL_NUMBER"},"constructor":1,"messageId":"1_1"}');
      const ids = [undefined, null, 1, {}, [], "", "x".repeat(100_000)];
      return [
        undefined,
        null,
        true,
        0,
        -0,
        NaN,
        Infinity,
        10n,
        "",
        "SYNC",
        "x".repeat(1_000_000),
        [],
        [1, "DIAL_NUMBER"],
        list,
        new Array(100_000_000),
        cycle,
        deep,
        getter,
        proto,
        Object.create(null),
        new Map([["type", "SYNC"]]),
        new Set(["SYNC"]),
        new Date(),
        /SYNC/,
        new Error("x"),
        new Blob(["x"]),
        new ArrayBuffer(8),
        new Uint8Array(8),
        new String("SYNC"),
        new Number(1),
        new Boolean(true),
        ...["toString", "__proto__", "constructor", "hasOwnProperty", "", "sync", " SYNC", "x".repeat(100_000)].map(
          (type) => ({ type, messageId: "1_1" }),
        ),
        ...[1, null, true, {}, [], ["SYNC"], { type: "SYNC" }].map((type) => ({ type, messageId: "1_1", data: {} })),
        ...ids.flatMap((messageId) =>
          ["END_CALL", "SYNC", "VISIBILITY_CHANGED"].map((type) => ({ type, messageId, data: {} })),
        ),
        Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [`key${index}`, index])),
      ];
    });
    await staysUsable(it);
  });

  test("10,000 messages at once", async (t) => {
    const it = await watched(t);
    await it.host.post(() =>
      Array.from(
        { length: 10_000 },
        (_, index) =>
          [
            { type: "SYNC", messageId: `1_${index}`, hostUrl: "*" },
            { type: "CREATE_ENGAGEMENT_SUCCEEDED", messageId: `1_${index}`, data: { engagementId: index } },
            { type: "NOBODY_KNOWS", messageId: `1_${index}`, data: { text: "x".repeat(100) } },
            { type: "DIAL_NUMBER", messageId: `1_${index}`, data: {} },
            null,
          ][index % 5],
      ),
    );
    await staysUsable(it);
  });

  test("10,000 messages at once of a window that is not heard", async (t) => {
    const it = await watched(t);
    const sibling = await embed(it.host.page.mainFrame(), `${stage.hosts}/?sibling`);
    await postAll(
      sibling,
      "parent.frames.0",
      Array.from({ length: 10_000 }, () => sync(stage.hosts)),
    );
    await until("the flood", () => it.frame.evaluate(() => window.heard.length >= 10_000));
    assert.deepEqual(it.host.take(), []);
    await staysUsable(it);
  });

  test("answers with forged ids do not change the record of a call", async (t) => {
    const it = await watched(t);
    const { host } = it;
    await host.widget.dial(NUMBERS.answers);
    const { messageId } = await host.expect("CALL_ANSWERED");
    const forged = [
      "CREATE_ENGAGEMENT_SUCCEEDED",
      "ENGAGEMENT_CREATED",
      "UPDATE_ENGAGEMENT_SUCCEEDED",
      "FINALIZE_ENGAGEMENT_SUCCEEDED",
    ].map((type) => ({ type, messageId, data: { engagementId: 6666, externalCallId: "mock-0-1" } }));
    const sibling = await embed(host.page.mainFrame(), `${stage.hosts}/?sibling`);
    await postAll(sibling, "parent.frames.0", forged);
    await host.post((forged) => forged, forged);
    await host.widget.hangUp();
    await host.expect("CALL_ENDED");
    assert.deepEqual(host.take(), [m.outgoing(NUMBERS.answers), m.answered(), m.ended("COMPLETED", FIRST_ENGAGEMENT)]);
  });
});
