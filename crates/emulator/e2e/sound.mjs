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

/** Lets a test refuse the microphone, and see its tracks: no flag of the browser plugs a device in or out while it runs. */
const governMicrophone = (page, problem) =>
  page.addInitScript((problem) => {
    const { mediaDevices } = navigator;
    if (!mediaDevices) return;
    const real = mediaDevices.getUserMedia.bind(mediaDevices);
    window.problem = problem;
    window.tracks = [];
    mediaDevices.getUserMedia = async (wanted) => {
      if (window.problem) throw new DOMException("", window.problem);
      const stream = await real(wanted);
      window.tracks.push(...stream.getTracks());
      return stream;
    };
  }, problem);

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
    await tryAgain(desk.widget);
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
      const desk = await office.silentDesk(t, { prepare: (page) => governMicrophone(page, problem) });
      await tells(desk.widget, sentence);
      await inside(office, desk.page).evaluate(() => delete window.problem);
      await tryAgain(desk.widget);
      await office.isWell(desk);
    });
  }

  test("a microphone that is unplugged in a call", async (t) => {
    const desk = await office.silentDesk(t, { prepare: governMicrophone });
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

  return office;
}
