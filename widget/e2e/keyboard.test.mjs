// Calls by people who do not use a pointer.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Host } from "./lib/host.mjs";
import * as m from "./lib/messages.mjs";
import { openStage } from "./lib/stage.mjs";

const { NUMBERS } = m;
const stage = await openStage();

/** Goes to an element as often as Tab takes. */
async function tabTo(page, locator) {
  for (let presses = 0; presses < 40; presses += 1) {
    if (await locator.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`Tab does not lead to ${locator}`);
}

describe("by keyboard only", { concurrency: 3 }, () => {
  test("an outbound call, from the number to its record", async (t) => {
    const host = await Host.open(stage, t);
    const { page, widget } = host;
    const { keyboard } = page;
    await tabTo(page, widget.number);
    await keyboard.type("6175550117");
    await keyboard.press("Enter");
    await widget.reaches("Connected");

    await keyboard.press("m");
    await widget.button("Mute", { pressed: true }).waitFor();
    await keyboard.press("M");
    await widget.button("Mute", { pressed: false }).waitFor();
    await keyboard.press("h");
    await widget.reaches("On hold");
    await keyboard.press("h");
    await widget.reaches("Connected");
    await keyboard.press("r");
    await widget.button("Record", { pressed: true }).waitFor();
    await keyboard.press("k");
    await widget.button("Keypad", { expanded: true }).waitFor();
    await keyboard.type("1*#0");
    await widget.ui.getByLabel("Keys sent").getByText("1*#0").waitFor();
    await keyboard.press("Escape");
    await widget.button("Keypad", { expanded: false }).waitFor();
    await keyboard.press("?");
    await widget.ui.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
    await keyboard.press("Escape");
    await widget.ui.getByRole("dialog").waitFor({ state: "detached" });

    await tabTo(page, widget.notes);
    await keyboard.type("mhrk? 12");
    await keyboard.press("Enter");
    assert.equal(await widget.notes.inputValue(), "mhrk? 12\n");
    await widget.button("Mute", { pressed: false }).waitFor();
    await widget.button("Keypad", { expanded: false }).waitFor();
    await widget.reaches("Connected");

    await tabTo(page, widget.ui.getByRole("button", { name: /^Hang up, / }));
    await keyboard.press("Enter");
    await widget.reaches("Call ended");
    await tabTo(page, widget.ui.getByRole("radio").first());
    await keyboard.press("Space");
    await tabTo(page, widget.button("Save"));
    await keyboard.press("Enter");
    await widget.isReady();
    const { data } = await host.expect("CALL_COMPLETED");
    assert.deepEqual(
      host.take().map(({ type }) => type),
      ["OUTGOING_CALL_STARTED", "CALL_ANSWERED", "CALL_ENDED", "CALL_COMPLETED"],
    );
    assert.equal(data.engagementProperties.hs_call_body, "mhrk? 12");
    assert.equal(data.engagementProperties.hs_call_disposition, "f240bbac-87c9-4f6e-bf70-924b57d47db7");
    assert.ok(await widget.number.evaluate((field) => field === document.activeElement), "back in the number field");
  });

  test("an incoming call is answered by Enter", async (t) => {
    const host = await Host.open(stage, t);
    const { page, widget } = host;
    await widget.ring("+16175550199");
    await widget.button("Answer", { disabled: false }).waitFor();
    await page.keyboard.press("Enter");
    await widget.reaches("Connected");
    await host.expect("CALL_ANSWERED");
    assert.deepEqual(host.take(), [m.incoming("+16175550199"), m.answered()]);
  });

  test("a transfer, and back with Escape", async (t) => {
    const host = await Host.open(stage, t);
    const { page, widget } = host;
    await widget.dial(NUMBERS.answers);
    await widget.reaches("Connected");
    await tabTo(page, widget.button("Transfer"));
    await page.keyboard.press("Enter");
    await widget.heading("Transfer to").waitFor();
    assert.ok(await widget.number.evaluate((field) => field === document.activeElement));
    await page.keyboard.press("Escape");
    await widget.heading("Transfer to").waitFor({ state: "detached" });
    assert.ok(await widget.button("Transfer").evaluate((button) => button === document.activeElement));
    await page.keyboard.press("Enter");
    await page.keyboard.type("6175550117");
    await page.keyboard.press("Enter");
    await widget.button("Complete transfer").waitFor();
  });
});
