// Calls from the click in the CRM to the entry on the timeline.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Crm } from "./lib/crm.mjs";

describe("a call", { concurrency: 3 }, () => {
  test("from a contact's number to the timeline", async (t) => {
    const crm = await Crm.open(t);
    const { page, widget } = crm;
    await crm.button("Call Maria Alvarez, +1 617-555-0100").click();
    await widget.reaches("Connected");
    await widget.notes.fill("Secret <offer>\nCall on Friday");
    await widget.hangUp();
    await widget.ui.getByRole("radio", { name: "Left live message" }).check();
    await widget.button("Save").click();
    await crm.sees("Call logged on the timeline.");
    await page.getByRole("region", { name: "Calling app" }).waitFor({ state: "hidden" });

    await crm.openRecord("Maria Alvarez");
    const entry = await crm.entry("Completed");
    assert.equal(await entry.getAttribute("data-direction"), "Outbound call");
    assert.equal(await entry.locator(".notes").innerText(), "Secret <offer>\nCall on Friday");
    const facts = (await entry.locator("dl").innerText()).replaceAll(/\s+/g, " ");
    assert.match(facts, /Duration \d+ s Outcome Left live message From \+1 617-555-0150 To \+1 617-555-0100/);
    assert.equal(await page.getByRole("article").count(), 1);
  });

  test("from the ring to the timeline", async (t) => {
    const crm = await Crm.open(t);
    const { widget } = crm;
    await crm.openRecord("Maria Alvarez");
    await crm.button("Incoming call from Maria Alvarez").click();
    await widget.heading("Maria Alvarez").waitFor();
    await widget.button("Answer").click();
    await widget.reaches("Connected");
    await crm.entry("In progress");
    await widget.notes.fill("Secret wish");
    await widget.hangUp();
    await widget.button("Save").click();
    const entry = await crm.entry("Completed");
    assert.equal(await entry.getAttribute("data-direction"), "Inbound call");
    assert.equal(await entry.locator(".notes").innerText(), "Secret wish");
    assert.match(await entry.locator("dl").innerText(), /Duration\s+\d+ s/);
  });

  test("that is declined is on the timeline, and the next one rings again", async (t) => {
    const crm = await Crm.open(t);
    await crm.openRecord("Maria Alvarez");
    for (const calls of [1, 2]) {
      await crm.button("Incoming call from Maria Alvarez").click();
      await crm.widget.ui.getByRole("button", { name: "Decline, Maria Alvarez" }).click();
      await crm.entry("Rejected");
      await crm.widget.isReady();
      assert.equal(await crm.page.getByRole("article").count(), calls);
    }
  });

  test("to a company and to a custom object", async (t) => {
    const crm = await Crm.open(t);
    for (const list of ["Companies", "Sites"]) {
      await crm.page.getByRole("navigation").getByRole("button", { name: list }).click();
      await crm.page.getByRole("row").nth(1).getByRole("button").first().click();
      await crm.page
        .getByRole("main")
        .getByRole("button", { name: /^Call / })
        .first()
        .click();
      await crm.widget.reaches("Connected");
      await crm.widget.hangUp();
      await crm.widget.button("Save").click();
      await crm.entry("Completed");
    }
  });

  test("that is busy, and one that is ended by the CRM", async (t) => {
    const crm = await Crm.open(t);
    await crm.openRecord("Priya Raman");
    await crm.button("Call Priya Raman, +1 617-555-0110").click();
    await crm.widget.reaches("Busy");
    await crm.widget.button("Save").click();
    await crm.entry("Busy");

    await crm.button("All contacts").click();
    await crm.openRecord("Maria Alvarez");
    await crm.button("Call Maria Alvarez, +1 617-555-0100").click();
    await crm.widget.reaches("Connected");
    await crm.button("End call").click();
    await crm.widget.reaches("Call ended");
    await crm.widget.button("Save").click();
    await crm.entry("Completed");
  });

  test("to what is no number is refused in words", async (t) => {
    const crm = await Crm.open(t);
    await crm.button("Call Walter Pruitt, ask at reception").click();
    const alert = crm.page.getByRole("alertdialog");
    await alert.getByText("The number could not be called").waitFor();
    await alert.getByRole("button", { name: "OK" }).click();
    await crm.widget.sees("Use only digits, spaces and + in a number.");
  });

  test("and the next one of a queue", async (t) => {
    const crm = await Crm.open(t);
    await crm.page.getByRole("navigation").getByRole("button", { name: "Call queue" }).click();
    await crm.button("Start calling").click();
    await crm.widget.ui.getByRole("region", { name: "Call", exact: true }).waitFor();
    const first = await crm.widget.ui.getByRole("heading", { level: 1 }).innerText();
    await crm.widget.hangUp();
    await crm.widget.button("Save").click();
    const { ui } = crm.widget;
    await ui.getByRole("heading", { level: 1 }).filter({ hasNotText: first }).and(ui.locator(".call h1")).waitFor();
  });
});
