// Every page of the CRM: for everybody, in both themes.
import { describe, test } from "node:test";
import { assertFits, audit } from "../../../widget/e2e/lib/audit.mjs";
import { Crm } from "./lib/crm.mjs";

async function logged(crm) {
  await crm.openRecord("Maria Alvarez");
  await crm.button("Call Maria Alvarez, +1 617-555-0100").click();
  await crm.widget.reaches("Connected");
  await crm.widget.notes.fill("Wants a quote by Friday.");
  await crm.widget.hangUp();
  await crm.widget.button("Save").click();
  await crm.entry("Completed");
}

const list = (name) => async (crm) => {
  await crm.page.getByRole("navigation").getByRole("button", { name }).click();
  await crm.page.getByRole("heading", { name, level: 1 }).waitFor();
};

const SCREENS = {
  contacts: async () => {},
  companies: list("Companies"),
  sites: list("Sites"),
  queue: list("Call queue"),
  calls: async (crm) => {
    await logged(crm);
    await list("Calls")(crm);
  },
  record: logged,
  "record-in-call": async (crm) => {
    await crm.openRecord("Maria Alvarez");
    await crm.button("Call Maria Alvarez, +1 617-555-0100").click();
    await crm.widget.reaches("Connected");
    await crm.button("End call").waitFor();
  },
  inspector: async (crm) => {
    await logged(crm);
    await crm.button("Inspector").click();
    await crm.page.locator("#inspector").getByRole("button", { name: "CALL_COMPLETED" }).click();
  },
  settings: async (crm) => {
    await crm.button("Settings").click();
    await crm.page.getByRole("dialog", { name: "Settings" }).waitFor();
  },
  "change-app": async (crm) => {
    await crm.button("Change app").click();
    await crm.page.getByRole("textbox", { name: "Address" }).fill("nonsense");
    await crm.button("Use this app").click();
    await crm.page.getByRole("alert").getByText("must begin with").waitFor();
  },
  alert: async (crm) => {
    await crm.button("Call Walter Pruitt, ask at reception").click();
    await crm.page.getByRole("alertdialog").waitFor();
  },
  "signed-out": async (crm) => {
    await crm.button("Settings").click();
    await crm.button("Sign out of the CRM").click();
    await crm.page.getByRole("heading", { name: "You are signed out" }).waitFor();
  },
};

describe("screen", { concurrency: 3 }, () => {
  for (const [name, reach] of Object.entries(SCREENS)) {
    test(name, async (t) => {
      const crm = await Crm.open(t, { reducedMotion: "reduce" });
      await reach(crm);
      await assertFits(crm.page.mainFrame(), name);
      await audit(crm.page, crm.page.mainFrame(), crm.page, `crm-${name}`);
    });
  }
});
