// The unmodified voice SDK in Chromium against the emulator: signalling, and audio that is counted at both ends.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { NUMBERS, until } from "../../../crates/emulator/e2e/emulator.mjs";
import { Account, token } from "./lib/emulator.mjs";
import { Phones } from "./lib/phone.mjs";

const phones = await Phones.open();
const emulator = await Account.start();
after(async () => {
  await emulator.close();
  await phones.close();
});

const talks = (leg) => leg.status === "in-progress";
let rooms = 0;

/** An agent in a browser and a customer at a telephone, in a conference. */
async function conversation(t, identity) {
  const room = `room-${(rooms += 1)}`;
  const phone = await phones.phone(t, emulator, identity);
  await phone.register();
  const added = await emulator.add(room, `client:${identity}`, { Label: "agent" });
  const { call_sid: agent, conference_sid: conference } = added;
  await phone.sees("accept");
  const { call_sid: customer } = await emulator.add(room, NUMBERS.answers, { Label: "customer" });
  await emulator.legIs(customer, "is answered", talks);
  return { phone, room, conference, agent, customer };
}

test("a call that comes in is taken, and both ends hear each other", async (t) => {
  const { phone, agent, customer } = await conversation(t, "alex");
  const before = await phone.counts();
  await emulator.legIs(agent, "hears the customer", ({ audio }) => audio.to.loud > 50 && audio.to.level > 1000);
  await emulator.legIs(customer, "hears the agent's beep", ({ audio }) => audio.to.loud > 5);
  await emulator.legIs(agent, "says something", ({ audio }) => audio.from.loud > 5);
  await until("packets both ways", async () => {
    const rtp = await phone.counts();
    return rtp.packetsReceived > before.packetsReceived + 50 && rtp.packetsSent > before.packetsSent + 50;
  });
  assert.equal((await emulator.leg(agent)).is_browser, true);
  await emulator.api("POST", `/Calls/${agent}.json`, { Status: "completed" });
  await phone.sees("disconnect");
});

test("mute silences, and hold separates", async (t) => {
  const { conference, agent, customer } = await conversation(t, "blake");
  const change = (leg, fields) => emulator.api("POST", `/Conferences/${conference}/Participants/${leg}.json`, fields);
  await emulator.legIs(customer, "hears the agent's beep", ({ audio }) => audio.to.loud > 5);
  await change(agent, { Muted: "true" });
  await emulator.legIs(customer, "hears nothing", ({ audio, hears }) => hears === "silence" && audio.to.level === 0);
  // The beep comes once a second: three times nothing of half a second can't be chance.
  for (let index = 0; index < 3; index += 1) assert.equal((await emulator.heard(customer, "to")).loud, 0);
  assert.ok((await emulator.heard(agent, "to")).loud >= 20, "the agent hears the customer");
  await change(agent, { Muted: "false" });
  await change(customer, { Hold: "true" });
  await emulator.legIs(customer, "hears music", ({ audio, hears }) => hears === "music" && audio.to.level > 1000);
  await emulator.legIs(agent, "hears nothing", ({ audio }) => audio.to.level === 0);
  assert.equal((await emulator.heard(agent, "to")).loud, 0);
  await change(customer, { Hold: "false" });
  await emulator.legIs(agent, "hears the customer again", ({ audio }) => audio.to.level > 1000);
});

test("two agents hear each other", async (t) => {
  const { phone, room, conference, agent, customer } = await conversation(t, "casey");
  const other = await phones.phone(t, emulator, "drew");
  await other.register();
  const { call_sid: second } = await emulator.add(room, "client:drew", { Label: "second" });
  await other.sees("accept");
  await emulator.api("DELETE", `/Conferences/${conference}/Participants/${customer}.json`);
  // Only the browsers' beeps are left.
  for (const leg of [agent, second]) {
    await emulator.legIs(leg, "hears one other leg", ({ hears }) => Array.isArray(hears) && hears.length === 1);
    const { audio } = await emulator.leg(leg);
    await emulator.legIs(leg, "hears the other agent", (now) => now.audio.to.loud > audio.to.loud + 5);
  }
  for (const rtp of [await phone.counts(), await other.counts()]) {
    assert.ok(rtp.packetsReceived > 0 && rtp.packetsSent > 0);
  }
});

test("keys and the SDK's own mute reach the customer", async (t) => {
  const { phone, agent, customer } = await conversation(t, "eden");
  await phone.page.evaluate(() => window.call.sendDigits("12#"));
  await emulator.legIs(customer, "hears the keys", ({ digits_heard }) => digits_heard === "12#");
  await emulator.legIs(agent, "says something", ({ audio }) => audio.from.loud > 5);
  await phone.page.evaluate(() => window.call.mute(true));
  await emulator.legIs(agent, "is silent", ({ audio }) => audio.from.level === 0);
  for (let index = 0; index < 3; index += 1) assert.equal((await emulator.heard(agent, "from")).loud, 0);
});

test("a browser calls through the application", async (t) => {
  const phone = await phones.phone(t, emulator, "finley");
  emulator.twiml = `<Response><Dial callerId="${NUMBERS.own}"><Number>${NUMBERS.answers}</Number></Dial></Response>`;
  await phone.page.evaluate(async () => {
    window.follow(await window.device.connect({ params: { To: "x", ticket: "a b&c" } }));
  });
  await phone.sees("accept");
  const asked = emulator.webhooks.find(({ fields }) => fields.From === "client:finley");
  assert.equal(asked.fields.ticket, "a b&c");
  const sid = await phone.page.evaluate(() => window.call.parameters.CallSid);
  assert.equal(sid, asked.fields.CallSid);
  await emulator.legIs(sid, "hears the other end", ({ audio, hears }) => Array.isArray(hears) && audio.to.level > 1000);
  await emulator.legIs(sid, "says something", ({ audio }) => audio.from.loud > 5);
  await phone.page.evaluate(() => window.call.disconnect());
  await emulator.legIs(sid, "is over", ({ status }) => status === "completed");
});

test("calls are declined, given up and cut off", async (t) => {
  const phone = await phones.phone(t, emulator, "gray", { takes: false });
  await phone.register();
  const first = await emulator.add("room-declined", "client:gray");
  await phone.sees("incoming");
  await phone.page.evaluate(() => window.call.reject());
  await emulator.legIs(first.call_sid, "is declined", ({ status }) => status === "busy");
  const second = await emulator.add("room-given-up", "client:gray");
  await until("a second call", async () => (await phone.events()).filter((event) => event === "incoming").length === 2);
  await emulator.api("POST", `/Calls/${second.call_sid}.json`, { Status: "canceled" });
  await phone.sees("cancel");
  await emulator.legIs(second.call_sid, "is given up", ({ status }) => status === "canceled");
});

test("a browser that is gone ends its leg", async (t) => {
  const { phone, agent } = await conversation(t, "harper");
  await phone.page.close({ runBeforeUnload: false });
  await emulator.legIs(agent, "is over", ({ status }) => status === "completed");
});

test("tokens that are not good are refused, and new ones taken", async (t) => {
  const wrong = await phones.phone(t, emulator, "indigo", { accessToken: token("indigo", { secret: "another" }) });
  void wrong.page.evaluate(() => void window.device.register().catch(() => {}));
  await wrong.sees("error 20101");
  const late = await phones.phone(t, emulator, "jules", { accessToken: token("jules", { seconds: -5 }) });
  void late.page.evaluate(() => void window.device.register().catch(() => {}));
  await late.sees("error 20104");
  const good = await phones.phone(t, emulator, "kit");
  await good.register();
  await good.page.evaluate((fresh) => window.device.updateToken(fresh), token("kit", { seconds: 900 }));
  await good.page.evaluate(() => window.device.unregister());
  await good.sees("unregistered");
});
