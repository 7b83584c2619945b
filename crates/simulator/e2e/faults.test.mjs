// What goes wrong on demand, and how user and widget get out of it.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Crm, stage } from "./lib/crm.mjs";

async function calls(crm) {
  await crm.button("Call Maria Alvarez, +1 617-555-0100").click();
  await crm.widget.reaches("Connected");
}

describe("fault", { concurrency: 3 }, () => {
  test("no record is made: the call goes on, the timeline stays empty", async (t) => {
    const crm = await Crm.open(t);
    await crm.set((settings) => settings.getByLabel("Creating the engagement fails").check());
    await calls(crm);
    await crm.sees("The call could not be put on the timeline.");
    await crm.widget.sees("The CRM made no record of this call.");
    await crm.widget.hangUp();
    await crm.widget.button("Save").click();
    await crm.page.getByRole("region", { name: "Calling app" }).waitFor({ state: "hidden" });
    await crm.openRecord("Maria Alvarez");
    await crm.sees("No calls yet. Click a phone number to make one.");
  });

  test("the notes are refused once: they are kept, and saved again", async (t) => {
    const crm = await Crm.open(t);
    await crm.openRecord("Maria Alvarez");
    await crm.set((settings) => settings.getByLabel("Updating the engagement fails").check());
    await calls(crm);
    await crm.widget.notes.fill("Secret");
    await crm.widget.hangUp();
    await crm.widget.button("Save").click();
    await crm.widget.sees("Not saved: the CRM did not take it.");
    await crm.sees("details not saved");
    await crm.set((settings) => settings.getByLabel("Updating the engagement fails").uncheck());
    await crm.widget.button("Save again").click();
    const entry = await crm.entry("Completed");
    await entry.getByText("Secret").waitFor();
    assert.equal(await crm.page.getByText("details not saved").count(), 0);
  });

  test("the caller is not looked up: the number is shown", async (t) => {
    const crm = await Crm.open(t);
    await crm.set((settings) => settings.getByLabel("Looking up the caller fails").check());
    await crm.openRecord("Maria Alvarez");
    await crm.button("Incoming call from Maria Alvarez").click();
    await crm.widget.heading("+1 617-555-0100").waitFor();
  });

  test("the record can't be opened", async (t) => {
    const crm = await Crm.open(t);
    await crm.set((settings) => settings.getByLabel("Opening a record fails").check());
    await crm.openRecord("Maria Alvarez");
    await crm.button("Incoming call from Maria Alvarez").click();
    await crm.widget.button("Open record").click();
    await crm.widget.sees("The CRM could not open the record.");
  });

  test("the page is loaded again during a call: one call, one entry, with its notes", async (t) => {
    const crm = await Crm.open(t);
    await crm.openRecord("Maria Alvarez");
    await calls(crm);
    await crm.widget.notes.fill("Secret of before");
    await crm.entry("In progress");
    await crm.set((settings) => settings.getByRole("button", { name: "Load the page again" }).click());
    await crm.shows("Available");
    await crm.widget.reaches("Connected");
    assert.equal(await crm.widget.notes.inputValue(), "Secret of before");
    await crm.widget.hangUp();
    await crm.widget.button("Save").click();
    const entry = await crm.entry("Completed");
    await entry.getByText("Secret of before").waitFor();
    assert.equal(await crm.page.getByRole("article").count(), 1);
  });

  test("the app is loaded again during a call", async (t) => {
    const crm = await Crm.open(t);
    await crm.openRecord("Maria Alvarez");
    await calls(crm);
    await crm.set((settings) => settings.getByRole("button", { name: "Load the app again" }).click());
    await crm.shows("Available");
    await crm.widget.reaches("Connected");
    await crm.widget.hangUp();
    await crm.widget.button("Save").click();
    await crm.entry("Completed");
    assert.equal(await crm.page.getByRole("article").count(), 1);
  });

  test("opening a record loads the page, as HubSpot does: the call still rings", async (t) => {
    const crm = await Crm.open(t);
    await crm.set((settings) => settings.getByLabel("Opening a record loads the page").check());
    await crm.openRecord("Maria Alvarez");
    await crm.button("Incoming call from Maria Alvarez").click();
    // Waited for from before the click, as it may be over when that is.
    const loaded = crm.page.waitForEvent("load");
    await crm.widget.button("Open record").click();
    await loaded;
    await crm.shows("Available");
    await crm.widget.button("Answer").click();
    await crm.widget.reaches("Connected");
    await crm.widget.hangUp();
    await crm.widget.button("Save").click();
    await crm.entry("Completed");
    assert.equal(await crm.page.getByRole("article").count(), 1);
  });

  test("the handshake's answer is late", async (t) => {
    const crm = await Crm.open(t);
    await crm.set(async (settings) => {
      await settings.getByLabel("The app's SYNC_ACK is").selectOption("delayed");
      await settings.getByRole("button", { name: "Load the app again" }).click();
    });
    await crm.shows("Connecting");
    await crm.shows("Available");
    await calls(crm);
  });

  test("the handshake's answer is lost: the user is told, and tries again", async (t) => {
    const crm = await Crm.open(t, { clock: true });
    await crm.set(async (settings) => {
      await settings.getByLabel("The app's SYNC_ACK is").selectOption("dropped");
      await settings.getByRole("button", { name: "Load the app again" }).click();
    });
    await crm.shows("Connecting");
    await crm.widget.isReady();
    await crm.page.clock.runFor(32_000);
    await crm.page.getByRole("alert").getByText("There was an issue connecting with the calling app").waitFor();
    await crm.shows("No connection");
    await crm.set((settings) => settings.getByLabel("The app's SYNC_ACK is").selectOption("normal"));
    await crm.button("Retry").click();
    await crm.shows("Available");
  });

  test("the user is signed out of the CRM, and in again", async (t) => {
    const crm = await Crm.open(t);
    await crm.set((settings) => settings.getByRole("button", { name: "Sign out of the CRM" }).click());
    await crm.page.getByRole("heading", { name: "You are signed out" }).waitFor();
    assert.equal(await crm.page.locator("iframe").count(), 0);
    await crm.button("Sign in again").click();
    await crm.shows("Available");
    await calls(crm);
  });

  test("the user is signed out of the app: a click in the CRM says so", async (t) => {
    const crm = await Crm.open(t);
    await crm.widget.button("Settings").click();
    await crm.widget.button("Sign out").click();
    await crm.shows("Signed out");
    await crm.button("Call Maria Alvarez, +1 617-555-0100").click();
    await crm.page.getByRole("alertdialog").waitFor();
  });
});

describe("the app's address", { concurrency: 3 }, () => {
  test("is refused in words when it is none", async (t) => {
    const crm = await Crm.open(t, { query: "" });
    const own = new URL(crm.page.url()).origin;
    const address = crm.page.getByRole("textbox", { name: "Address" });
    for (const [typed, words] of [
      ["", "Enter the address of a calling app."],
      ["localhost:9025", "The address must begin with https:// or http://."],
      ["javascript:alert(1)", "The address must begin with https:// or http://."],
      ["data:text/html,x", "The address must begin with https:// or http://."],
      ["https://user:secret@widget.example/", "The address must not hold a user name or password."],
      ["https://*/", "This is not the address of a page, such as https://localhost:9025/."],
      [`https://widget.example/${"a".repeat(3_000)}`, "The address is too long."],
      [`${own}/`, "The calling app must be on another origin than this page, as it is in HubSpot."],
    ]) {
      await address.fill(typed);
      await crm.button("Use this app").click();
      await crm.page.getByRole("alert").getByText(words).waitFor();
      assert.equal(await crm.page.locator("iframe").count(), 0);
    }
    await address.fill(`${stage.widget}/`);
    await crm.button("Use this app").click();
    await crm.shows("Available");
    await calls(crm);
  });

  test("is asked for by a click on a number before there is one", async (t) => {
    const crm = await Crm.open(t, { query: "" });
    await crm.shows("No calling app");
    await crm.button("Call Maria Alvarez, +1 617-555-0100").click();
    await crm.page.getByRole("alertdialog").getByText("Choose a calling app first, in its panel.").waitFor();
  });

  test("in the page's own address is checked too", async (t) => {
    const crm = await Crm.open(t, { query: "app=none" });
    await crm.page.goto(`${new URL(crm.page.url()).origin}/?widget=${encodeURIComponent("javascript:alert(1)")}`);
    await crm.sees("The address must begin with https:// or http://.");
    assert.equal(await crm.page.locator("iframe").count(), 0);
  });
});
