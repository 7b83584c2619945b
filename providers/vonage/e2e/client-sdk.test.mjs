// `media.js` with the unmodified client SDK in Chromium against the emulator: sessions, and audio that is counted at both ends.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { NUMBERS } from "../../../crates/emulator/e2e/emulator.mjs";
import { Cloud, token } from "./lib/account.mjs";
import { Phones } from "./lib/phone.mjs";

const phones = await Phones.open();
const cloud = await Cloud.start();
after(async () => {
  cloud.stop();
  await phones.close();
});

const talks = (leg) => leg.talks;
let rooms = 0;

/** A user of the application. */
async function user(name) {
  await cloud.api("POST", "users", { name });
  return name;
}

/** An agent in a browser and a customer at a telephone, in a conversation. */
async function conversation(t, name, seconds) {
  const room = `room-${(rooms += 1)}`;
  const phone = await phones.phone(t, cloud, await user(name), seconds);
  const agent = await cloud.callUser(name, room);
  await cloud.legIs(agent, "is answered by the browser", talks);
  const customer = await cloud.callNumber(NUMBERS.answers, room);
  await cloud.legIs(customer, "is answered", talks);
  return { phone, agent, customer };
}

/** Both ends hear each other from now on. */
async function hearEachOther(agent, customer) {
  const before = await cloud.leg(agent);
  await cloud.legIs(agent, "hears the customer", ({ audio }) => audio.to.loud > before.audio.to.loud + 20);
  const { audio } = await cloud.leg(customer);
  await cloud.legIs(customer, "hears the agent's beep", (leg) => leg.audio.to.loud > audio.to.loud + 5);
}

test("a call is taken, heard both ways, and ended", async (t) => {
  const { phone, agent, customer } = await conversation(t, "alex");
  assert.equal((await cloud.leg(agent)).is_browser, true);
  await hearEachOther(agent, customer);
  const levels = await phone.sees("level", 5);
  assert.ok(levels.every((level) => level >= 0 && level <= 100));
  await cloud.api("PUT", `calls/${agent}`, { action: "hangup" });
  await cloud.legIs(agent, "is over", ({ status }) => status === "completed");
  await phone.page.waitForFunction(() => window.events.at(-1)[0] === "level" && window.events.at(-1)[1] === 0);
});

test("mute silences, and earmuffs separate", async (t) => {
  const { agent, customer } = await conversation(t, "blake");
  await hearEachOther(agent, customer);
  const change = (leg, action) => cloud.api("PUT", `calls/${leg}`, { action });
  await change(agent, "mute");
  await cloud.legIs(customer, "hears nothing", ({ audio, hears }) => hears === "silence" && audio.to.level === 0);
  // The beep comes once a second: three times nothing of half a second can't be chance.
  for (let index = 0; index < 3; index += 1) assert.equal((await cloud.heard(customer, "to")).loud, 0);
  await change(agent, "unmute");
  await change(agent, "earmuff");
  await cloud.legIs(agent, "hears nothing", ({ audio }) => audio.to.level === 0);
  await change(agent, "unearmuff");
  await hearEachOther(agent, customer);
});

test("another microphone is heard", async (t) => {
  const { phone, agent, customer } = await conversation(t, "casey");
  const [{ microphones }] = await phone.sees("devices");
  const other = microphones.find(({ id }) => id !== "default" && id !== "");
  await phone.order("microphone", other.id);
  await hearEachOther(agent, customer);
});

test("keys are the gateway's to press", async (t) => {
  const { phone, customer } = await conversation(t, "drew");
  assert.deepEqual(await phone.events("keys"), []);
  await cloud.api("PUT", `calls/${customer}/dtmf`, { digits: "5" });
  assert.equal((await cloud.leg(customer)).digits_heard, "5");
});

test("a page that is loaded again takes its call up", async (t) => {
  const { phone, agent, customer } = await conversation(t, "eden");
  await hearEachOther(agent, customer);
  await phone.reload();
  await phone.start(cloud, token("eden"));
  await hearEachOther(agent, customer);
  await phone.order("stop");
  await cloud.legIs(agent, "is over", ({ status }) => status === "completed");
});

test("of two pages of a user one has the call, and the other leaves it alone", async (t) => {
  const name = await user("finley");
  const pages = [await phones.phone(t, cloud, name), await phones.phone(t, cloud, name)];
  const agent = await cloud.callUser(name, "room-of-two");
  const customer = await cloud.callNumber(NUMBERS.answers, "room-of-two");
  await cloud.legIs(agent, "is answered", talks);
  await hearEachOther(agent, customer);
  const heard = await Promise.all(pages.map(async (page) => (await page.events("level")).length > 0));
  assert.deepEqual(heard.toSorted(), [false, true]);
  assert.equal((await cloud.leg(agent)).talks, true);
});

test("a token that runs out ends the session, and a new one brings it back with the call", async (t) => {
  const { phone, agent, customer } = await conversation(t, "gray", 6);
  await phone.sees("expiring");
  assert.ok((await phone.events("reconnecting")).length > 0);
  await phone.order("renew", { token: token("gray") });
  await phone.sees("ready", 2);
  await hearEachOther(agent, customer);
  await phone.order("stop");
  await cloud.legIs(agent, "is over", ({ status }) => status === "completed");
});

test("a token that is renewed in time ends nothing", async (t) => {
  const name = await user("harper");
  const phone = await phones.phone(t, cloud, name, 6);
  await phone.order("renew", { token: token(name, 600) });
  // Seven seconds of a call are longer than the first token.
  const agent = await cloud.callUser(name, "room-of-harper");
  await cloud.legIs(agent, "talks for longer than the first token", ({ audio }) => audio.from.packets > 350);
  assert.deepEqual(await phone.events("expiring"), []);
});

test("a token that is not good is told", async (t) => {
  const name = await user("indigo");
  const phone = await phones.idle(t);
  await phone.start(cloud, token(name, -120));
  assert.deepEqual(await phone.sees("stopped"), ["expired"]);
});

test("without a microphone nothing is joined", async (t) => {
  const phone = await phones.phone(t, cloud, await user("jules"));
  await phone.page.evaluate(() => {
    const blocked = () => Promise.reject(new DOMException("", "NotAllowedError"));
    Object.defineProperty(navigator.mediaDevices, "getUserMedia", { value: blocked });
  });
  const agent = await cloud.callUser("jules", "room-of-jules");
  assert.deepEqual(await phone.sees("stopped"), ["microphone-blocked"]);
  await cloud.legIs(agent, "is declined", ({ status }) => status === "rejected");
});
