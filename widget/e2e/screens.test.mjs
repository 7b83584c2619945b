// Every screen, reached as users reach it: for everybody, in both themes, in the smallest and the largest frame.
import { describe, test } from "node:test";
import { assertFits, audit } from "./lib/audit.mjs";
import { Host } from "./lib/host.mjs";
import { NUMBERS } from "./lib/messages.mjs";
import { openStage } from "./lib/stage.mjs";

const stage = await openStage();
const MARIA = {
  callerIdType: "CONTACT",
  objectCoordinates: { portalId: 62515, objectId: 101, objectTypeId: "0-1" },
  firstName: "Maria",
  lastName: "Alvarez",
};

async function connected({ widget }) {
  await widget.dial(NUMBERS.echoes);
  await widget.reaches("Connected");
}

async function wrapUp(host) {
  await connected(host);
  await host.widget.hangUp();
  await host.widget.reaches("Call ended");
}

async function ended(host) {
  await wrapUp(host);
  await host.widget.button("Save").click();
  await host.widget.isReady();
}

const SCREENS = {
  ready: async () => {},
  "ready-with-recent-calls": async (host) => {
    await ended(host);
    await host.widget.ring("+442079460199");
    await host.widget.ui.getByRole("button", { name: /^Decline, / }).click();
    await host.page.evaluate(() => (window.crm.matches = []));
    await host.widget.ring("");
    await host.widget.ui.getByRole("button", { name: /^Decline, / }).click();
    await host.widget.sees("No number to call back");
    await host.widget.number.fill("617 555 0142");
    await host.widget.sees("United States");
  },
  "ready-keypad": async ({ widget }) => {
    await widget.button("Keypad").click();
    await widget.button("5 JKL").click();
  },
  "ready-wrong-number": async ({ widget }) => {
    await widget.number.fill("911");
    await widget.number.press("Enter");
    await widget.sees("Emergency numbers");
  },
  away: async ({ widget }) => {
    await widget.ui.getByRole("switch", { name: "Available" }).click();
    await widget.sees("You are away.");
  },
  offline: async ({ page, widget }) => {
    await page.context().setOffline(true);
    await widget.sees("You are offline.");
  },
  "offline-in-call": async (host) => {
    await connected(host);
    await host.page.context().setOffline(true);
    await host.widget.sees("Connection lost.");
  },
  "number-not-allowed": async ({ widget }) => {
    await widget.dial(NUMBERS.notAllowed);
    await widget.heading("This call is not allowed").waitFor();
  },
  dialing: async ({ widget }) => {
    await widget.dial(NUMBERS.noAnswer);
    await widget.reaches("Ringing");
  },
  incoming: async ({ widget }) => {
    await widget.ring("+16175550199");
    await widget.heading("Maria Alvarez").waitFor();
  },
  "incoming-withheld": async ({ page, widget }) => {
    await page.evaluate(() => (window.crm.matches = []));
    await widget.ring("");
    await widget.heading("Number withheld").waitFor();
  },
  "in-call": connected,
  "in-call-recording-muted": async (host) => {
    await connected(host);
    await host.widget.button("Mute").click();
    await host.widget.button("Record").click();
    await host.widget.button("Pause recording").click();
    await host.widget.sees("Recording paused");
  },
  "on-hold": async (host) => {
    await connected(host);
    await host.widget.button("Hold").click();
    await host.widget.reaches("On hold");
  },
  "in-call-keypad": async (host) => {
    await connected(host);
    await host.widget.button("Keypad").click();
    await host.widget.button("5 JKL").click();
    await host.widget.ui.getByLabel("Keys sent").getByText("5").waitFor();
  },
  transfer: async (host) => {
    await connected(host);
    await host.widget.button("Transfer").click();
    await host.widget.number.fill("617 555 0151");
  },
  consultation: async (host) => {
    await connected(host);
    await host.widget.button("Transfer").click();
    await host.widget.number.fill(NUMBERS.answers);
    await host.widget.button("Call them").click();
    await host.widget.button("Complete transfer").waitFor();
  },
  "second-call": async (host) => {
    await connected(host);
    await host.widget.ring("+16175550199");
    await host.widget.button("Hold and answer").waitFor();
  },
  "two-calls": async (host) => {
    await connected(host);
    await host.widget.ring("+16175550199");
    await host.widget.button("Hold and answer").click();
    await host.widget.button("Swap").waitFor();
  },
  "wrap-up": async (host) => {
    await wrapUp(host);
    await host.widget.notes.fill("Wants a quote by Friday.");
    await host.widget.ui.getByRole("radio", { name: "Left voicemail" }).check();
  },
  "not-logged": async (host) => {
    await host.page.evaluate(() => (window.crm.create = "fails"));
    await connected(host);
    await host.widget.sees("The CRM made no record of this call.");
  },
  "not-saved": async (host) => {
    await host.page.evaluate(() => (window.crm.update = "fails"));
    await wrapUp(host);
    await host.widget.button("Save").click();
    await host.widget.sees("Not saved: the CRM did not take it.");
  },
  busy: async ({ widget }) => {
    await widget.dial(NUMBERS.busy);
    await widget.reaches("Busy");
  },
  settings: async ({ widget }) => {
    await widget.button("Settings").click();
    await widget.heading("Settings").waitFor();
  },
  shortcuts: async (host) => {
    await connected(host);
    await host.page.keyboard.press("?");
    await host.widget.ui.getByRole("dialog").waitFor();
  },
  "sign-in": async ({ widget }) => {
    await widget.button("Settings").click();
    await widget.button("Sign out").click();
    await widget.heading("Sign in to call").waitFor();
  },
};

/** What HubSpot's panel may measure. */
const SIZES = [
  [300, 400],
  [800, 900],
  [400, 650],
];

describe("screen", { concurrency: 3 }, () => {
  for (const [name, reach] of Object.entries(SCREENS)) {
    test(name, async (t) => {
      const host = await Host.open(stage, t, { crm: { matches: [MARIA] }, reducedMotion: "reduce" });
      await reach(host);
      const frame = await host.widget.frame();
      const element = await host.page.$("iframe");
      for (const [width, height] of SIZES) {
        await host.page.evaluate((size) => window.manager.updateIFrameSize(size), { width, height });
        await frame.waitForFunction((width) => innerWidth === width, width);
        await assertFits(frame, `${name} at ${width} x ${height}`);
      }
      await audit(host.page, frame, element, name);
    });
  }

  test("slow and failed loading", async (t) => {
    const page = await stage.page(t, { viewport: { width: 400, height: 650 }, expected: /fetch/ });
    let fail;
    const failed = new Promise((done) => (fail = done));
    await page.route("**/*.wasm", async (route) => {
      await failed;
      await route.abort();
    });
    await page.goto(stage.widget);
    await page.getByText("This takes longer than usual.").waitFor();
    await audit(page, page.mainFrame(), page, "loading-slow");
    fail();
    await page.getByText("The phone could not be loaded.").waitFor();
    await audit(page, page.mainFrame(), page, "loading-failed");
  });
});
