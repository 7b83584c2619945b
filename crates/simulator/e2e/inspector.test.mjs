// The dock that shows every message.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { Crm } from "./lib/crm.mjs";

const ROWS = "#inspector tbody tr";

/** The messages' types and directions, oldest first, without the handshake. */
const shown = (crm) =>
  crm.page.locator(ROWS).evaluateAll((rows) =>
    rows
      .map(({ dataset }) => `${dataset.direction} ${dataset.messageType}`)
      .reverse()
      .filter((row) => !/ SYNC/.test(row)),
  );

async function aCall(crm) {
  await crm.button("Call Maria Alvarez, +1 617-555-0100").click();
  await crm.widget.reaches("Connected");
  await crm.widget.hangUp();
  await crm.widget.button("Save").click();
  await crm.sees("Call logged on the timeline.");
}

describe("the inspector", { concurrency: 3 }, () => {
  test("shows every message, valid and in order, and finds them again", async (t) => {
    const crm = await Crm.open(t);
    await crm.button("Inspector").click();
    await crm.button("Clear").click();
    await aCall(crm);
    const rows = (await shown(crm)).filter((row) => !row.endsWith("VISIBILITY_CHANGED"));
    assert.deepEqual(rows, [
      "to-widget DIAL_NUMBER",
      "from-widget OUTGOING_CALL_STARTED",
      "to-widget CREATE_ENGAGEMENT_SUCCEEDED",
      "to-widget ENGAGEMENT_CREATED",
      "from-widget CALL_ANSWERED",
      "from-widget CALL_ENDED",
      "from-widget CALL_COMPLETED",
      "to-widget UPDATE_ENGAGEMENT_SUCCEEDED",
    ]);
    assert.equal(await crm.page.locator(`${ROWS} .invalid`).count(), 0);

    await crm.page.getByLabel("Type", { exact: true }).selectOption("CALL_ENDED");
    assert.equal(await crm.page.locator(ROWS).count(), 1);
    await crm.page.locator("#inspector").getByRole("button", { name: "CALL_ENDED" }).click();
    assert.equal(JSON.parse(await crm.page.locator("#payload").innerText()).data.callEndStatus, "COMPLETED");
    await crm.page.getByLabel("Type", { exact: true }).selectOption("");
    await crm.page.getByRole("searchbox", { name: "Search" }).fill("hs_call_direction");
    assert.deepEqual(
      await shown(crm),
      rows.filter((row) => row.endsWith("CALL_COMPLETED")),
    );
  });

  test("exports a trace, and replays what the CRM said", async (t) => {
    const crm = await Crm.open(t);
    await crm.button("Inspector").click();
    await crm.button("Clear").click();
    await crm.button("Call Walter Pruitt, ask at reception").click();
    await crm.button("OK").click();
    const download = crm.page.waitForEvent("download");
    await crm.button("Export trace").click();
    const trace = await (await download).path();
    assert.match(await readFile(trace, "utf8"), /DIAL_NUMBER/);

    await crm.button("Clear").click();
    await crm.page
      .locator("#import-trace")
      .setInputFiles({ name: "trace.json", mimeType: "application/json", buffer: await readFile(trace) });
    await crm.button("Play").click();
    await crm.page.getByRole("alertdialog").waitFor();
    assert.ok((await shown(crm)).some((row) => row.endsWith("DIAL_NUMBER")));
  });

  test("refuses what is no trace", async (t) => {
    const crm = await Crm.open(t);
    await crm.button("Inspector").click();
    for (const text of ["", "nonsense", "[]", '{"a":1}', "[".repeat(100_000)]) {
      await crm.page
        .locator("#import-trace")
        .setInputFiles({ name: "trace.json", mimeType: "application/json", buffer: Buffer.from(text) });
      const toast = crm.page.locator(".toast").filter({ hasText: "No replay:" });
      await toast.waitFor();
      await toast.getByRole("button", { name: "Dismiss" }).click();
    }
  });
});
