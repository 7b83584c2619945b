// What can be wrong with the agent's microphone: each problem has its sentence and a way out, the call is told as it is, and when the
// cause is gone the sound comes back.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { until } from "./emulator.mjs";
import { Office } from "./office.mjs";

const BLOCKED = /the browser blocks the microphone\. Allow it/;
const NO_MICROPHONE = /there is no microphone\. Connect one/;
const BUSY = /another program uses the microphone\. Close it/;
const ANY = /Nobody can hear you|There is no sound|is interrupted/;

export const button = (widget, name) => widget.getByRole("button", { name, exact: true });
export const tells = (widget, problem) => widget.getByText(problem).first().waitFor();
export const tellsNothing = (widget) => widget.getByText(ANY).first().waitFor({ state: "hidden" });
export const tryAgain = (widget) => button(widget, "Try again").click();

/** An office in which a test can call somebody and hang up. */
export class SoundOffice extends Office {
  /** Answers the customer's leg. */
  async call({ page, widget }) {
    await button(page, "Call Maria Alvarez, +1 617-555-0100").click();
    await widget.getByText("Connected", { exact: true }).first().waitFor();
    await this.heardBothWays();
    return (await this.legs())[1][0].id;
  }

  /** Something of the agent's microphone is heard from now on, and not only its silence. */
  async speaks() {
    const { id, audio } = await this.heardBothWays();
    await this.emulator.legIs(id, "is heard", (leg) => leg.audio.from.loud > audio.from.loud);
  }

  async hangUp({ widget }) {
    await widget.getByRole("button", { name: /^Hang up/ }).click();
    await until("silence", async () => (await this.legs()).flat().length === 0);
  }

  /** Sound is there again, and a call has it. */
  async isWell(desk) {
    await tellsNothing(desk.widget);
    await this.registered();
    await this.call(desk);
    await this.speaks();
    await this.hangUp(desk);
  }
}

/** The page of the widget itself. */
const inside = (office, page) => page.frames().find((frame) => frame.url().startsWith(office.gateway));

/** Lets a test refuse the microphone, and see its tracks and the speakers: no flag of the browser plugs a device in or out while it runs. */
const governDevices = (page, problem) =>
  page.addInitScript((problem) => {
    const { mediaDevices } = navigator;
    if (!mediaDevices) return;
    const real = mediaDevices.getUserMedia.bind(mediaDevices);
    window.problem = problem;
    window.tracks = [];
    window.speakers = new Set();
    const { setSinkId } = HTMLMediaElement.prototype;
    HTMLMediaElement.prototype.setSinkId = function (id) {
      window.speakers.add(id);
      return setSinkId.call(this, id);
    };
    mediaDevices.getUserMedia = async (wanted) => {
      if (window.problem) throw new DOMException("", window.problem);
      const stream = await real(wanted);
      window.tracks.push(...stream.getTracks());
      return stream;
    };
  }, problem);

/** Waits until a list of the settings shows the device of that name. */
const isChosen = (widget, list, name) =>
  until(`${list} that is chosen`, async () => (await widget.locator(`${list} option:checked`).innerText()) === name);

/** Chooses the last device of a list, and answers its name. */
async function choose(widget, list) {
  const choices = await until(`a choice in ${list}`, async () => {
    const all = await widget.locator(`${list} option`).allInnerTexts();
    return all.length > 1 && all;
  });
  const last = choices.at(-1);
  await widget.locator(list).selectOption({ label: last });
  await isChosen(widget, list, last);
  return last;
}

/** Declares the tests of microphones, and answers the office for what only one provider can play. */
export async function microphones(provider) {
  const office = await SoundOffice.open(provider);
  after(() => office.close());

  test("a microphone that the browser blocks", async (t) => {
    const cautious = await SoundOffice.open(provider, { without: ["--use-fake-ui-for-media-stream"] });
    t.after(() => cautious.close());
    const desk = await cautious.silentDesk(t, { permissions: [] });
    await tells(desk.widget, BLOCKED);
    assert.deepEqual(await cautious.emulator.control("GET", "clients"), [], "nobody rings at a page that can't be heard");
    await tryAgain(desk.widget);
    await tells(desk.widget, BLOCKED);
    await desk.page.context().grantPermissions(["microphone"]);
    // The attempt before may still be on its way, and have what it asks for.
    await Promise.any([tryAgain(desk.widget), cautious.registered()]);
    await cautious.isWell(desk);
  });

  test("a machine without a microphone", async (t) => {
    const silent = await SoundOffice.open(provider, { without: ["--use-fake-device-for-media-stream"] });
    t.after(() => silent.close());
    const { widget } = await silent.silentDesk(t);
    await tells(widget, NO_MICROPHONE);
    await tryAgain(widget);
    await tells(widget, NO_MICROPHONE);
  });

  for (const [name, problem, sentence] of [
    ["is connected later", "NotFoundError", NO_MICROPHONE],
    ["another program uses", "NotReadableError", BUSY],
  ]) {
    test(`a microphone that ${name}`, async (t) => {
      const desk = await office.silentDesk(t, { prepare: (page) => governDevices(page, problem) });
      await tells(desk.widget, sentence);
      await inside(office, desk.page).evaluate(() => delete window.problem);
      await tryAgain(desk.widget);
      await office.isWell(desk);
    });
  }

  test("a microphone that is unplugged in a call", async (t) => {
    const desk = await office.silentDesk(t, { prepare: governDevices });
    await office.registered();
    const customer = await office.call(desk);
    await office.speaks();
    // As a browser ends the tracks of a device that is gone.
    await inside(office, desk.page).evaluate(() => {
      for (const track of window.tracks.filter(({ readyState }) => readyState === "live")) {
        track.stop();
        track.dispatchEvent(new Event("ended"));
      }
    });
    await tells(desk.widget, NO_MICROPHONE);
    await desk.widget.getByText("Connected", { exact: true }).first().waitFor();
    assert.equal((await office.emulator.leg(customer)).talks, true, "the customer is still there");
    await tryAgain(desk.widget);
    await tellsNothing(desk.widget);
    await office.speaks();
    await office.hangUp(desk);
  });

  test("microphone and speaker are chosen once, and the microphone is open in calls only", async (t) => {
    const desk = await office.silentDesk(t, { prepare: governDevices });
    const { page, widget } = desk;
    /** The names of the microphones that are open. The browser's ids for them are others after each load. */
    const open = () =>
      inside(office, page).evaluate(() =>
        window.tracks.filter(({ readyState }) => readyState === "live").map(({ label }) => label),
      );
    const speakers = () =>
      inside(office, page).evaluate(async () => {
        const devices = await navigator.mediaDevices.enumerateDevices();
        const isInUse = ({ kind, deviceId }) => kind === "audiooutput" && window.speakers.has(deviceId);
        return devices.filter(isInUse).map(({ label }) => label);
      });
    const isClosed = () => until("a microphone that is closed", async () => (await open()).length === 0);
    await office.registered();
    await button(widget, "Settings").click();
    const microphone = await choose(widget, "#microphone");
    const speaker = await choose(widget, "#speaker");
    await button(widget, "Play a test tone").click();
    await tellsNothing(widget);
    await isClosed();
    await page.reload();
    await button(widget, "Settings").click();
    await isChosen(widget, "#microphone", microphone);
    await isChosen(widget, "#speaker", speaker);
    await isClosed();
    await office.registered();
    await office.call(desk);
    await office.speaks();
    assert.deepEqual(await open(), [microphone]);
    await page.reload();
    await office.speaks();
    assert.deepEqual(await open(), [microphone], "the customer hears the same one");
    assert.ok((await speakers()).includes(speaker), "and is heard from the same one");
    await office.hangUp(desk);
    await isClosed();
  });

  return office;
}
