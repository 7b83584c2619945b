// The agent's microphone over Twilio's voice SDK, as every provider's tests have it; and its network and tokens.
import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../../../crates/emulator/e2e/emulator.mjs";
import { microphones, tells, tellsNothing, tryAgain } from "../../../crates/emulator/e2e/sound.mjs";
import { TWILIO } from "./lib/emulator.mjs";

const NETWORK = /There is no sound: the phone service can't be reached\. Check your network/;
const INTERRUPTED = /The sound is interrupted\. It comes back by itself/;
const EXPIRED = /There is no sound: your session ran out/;
const NOT_LOADED = /a part of the phone could not be loaded/;

const office = await microphones(TWILIO);
const signalling = (state) => office.emulator.control("POST", "signalling", { state });

test("a network that is lost in a call", async (t) => {
  t.after(() => signalling("up"));
  const desk = await office.desk(t);
  const customer = await office.call(desk);
  await signalling("down");
  await desk.widget.getByText(NETWORK).or(desk.widget.getByText(INTERRUPTED)).first().waitFor();
  await until("a page that can't be called", async () => (await office.emulator.control("GET", "clients")).length === 0);
  assert.equal((await office.emulator.leg(customer)).talks, true);
  await desk.widget.getByText("Connected", { exact: true }).first().waitFor();
  await signalling("up");
  await office.registered();
  await tellsNothing(desk.widget);
  await office.speaks();
  await office.hangUp(desk);
});

test("a network that is not there at the start", async (t) => {
  t.after(() => signalling("up"));
  await signalling("down");
  const desk = await office.silentDesk(t);
  await tells(desk.widget, NETWORK);
  await signalling("up");
  // The SDK may be back before somebody asks for it.
  await Promise.any([tryAgain(desk.widget), office.registered()]);
  await office.isWell(desk);
});

/** How many tokens the gateway gave out. */
async function tokens() {
  const metrics = await (await fetch(`${office.gateway}/metrics`)).text();
  const line = metrics.split("\n").find((line) => line.includes('"media_token"') && line.includes('"ok"'));
  return Number(line?.split(" ").at(-1) ?? 0);
}

test("a token that expired is replaced once, without a word", async (t) => {
  const desk = await office.desk(t);
  const before = await tokens();
  await signalling("renewable");
  await until("another token", async () => (await tokens()) > before);
  await office.isWell(desk);
  assert.equal(await tokens(), before + 1);
});

test("a token that can't be replaced", async (t) => {
  t.after(() => signalling("up"));
  const desk = await office.desk(t);
  await signalling("expired");
  await tells(desk.widget, EXPIRED);
  await signalling("up");
  await tryAgain(desk.widget);
  await office.isWell(desk);
});

test("a voice SDK that is not there", async (t) => {
  const files = "**/assets/media-*.js";
  const desk = await office.silentDesk(t, {
    prepare: (page) => page.route(files, (route) => route.fulfill({ status: 404, body: "" })),
  });
  await tells(desk.widget, NOT_LOADED);
  await desk.page.unroute(files);
  await tryAgain(desk.widget);
  await office.isWell(desk);
});

test("a page of one's own that can't load a voice SDK", async (t) => {
  const withoutMedia = () => {
    let kept;
    Object.defineProperty(window, "__cordboard", { get: () => kept, set: ({ media, ...others }) => (kept = others) });
  };
  const desk = await office.silentDesk(t, { prepare: (page) => page.addInitScript(withoutMedia) });
  await tells(desk.widget, NOT_LOADED);
});

test("the meter moves", async (t) => {
  const desk = await office.desk(t);
  await office.call(desk);
  await office.speaks();
  const meter = desk.widget.getByRole("meter", { name: "How loud you are" });
  const levels = new Set();
  await until("a meter that moves", async () => levels.add(await meter.getAttribute("value")).size > 2);
  await office.hangUp(desk);
});
