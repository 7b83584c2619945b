// Calls from the first click to the record in the CRM, in the official SDK's host class.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FIRST_ENGAGEMENT, Host } from "./lib/host.mjs";
import * as m from "./lib/messages.mjs";
import { SDK_VERSIONS } from "./lib/servers.mjs";
import { openStage } from "./lib/stage.mjs";

const { NUMBERS } = m;
const CONNECTED = "f240bbac-87c9-4f6e-bf70-924b57d47db7";
const MARIA = {
  callerIdType: "CONTACT",
  objectCoordinates: { portalId: 62515, objectId: 101, objectTypeId: "0-1" },
  firstName: "Maria",
  lastName: "Alvarez",
  email: "maria@example.com",
};

const outbound = (status, number, more) => ({
  hs_call_direction: "OUTBOUND",
  hs_call_status: status,
  hs_call_duration: status === "COMPLETED" ? "<ms>" : "0",
  hs_call_from_number: NUMBERS.own,
  hs_call_to_number: number,
  ...more,
});
const inbound = (status, number, more) => ({
  hs_call_direction: "INBOUND",
  hs_call_status: status,
  hs_call_duration: status === "COMPLETED" ? "<ms>" : "0",
  ...(number && { hs_call_from_number: number }),
  hs_call_to_number: NUMBERS.account,
  ...more,
});

const stage = await openStage();

/** A host with a call that goes on; what was said of it so far is asserted. */
async function connected(t, options) {
  const host = await Host.open(stage, t, options);
  await host.widget.dial(NUMBERS.answers);
  await host.widget.reaches("Connected");
  await host.expect("CALL_ANSWERED");
  assert.deepEqual(host.take(), [m.outgoing(NUMBERS.answers), m.answered()]);
  return host;
}

/** Ends the call and saves it; nothing but the end is said. */
async function endsAndSaves(host, number = NUMBERS.answers) {
  await host.widget.hangUp();
  await host.widget.button("Save").click();
  await host.widget.isReady();
  assert.deepEqual(host.take(), [
    m.ended("COMPLETED", FIRST_ENGAGEMENT),
    m.completed(outbound("COMPLETED", number), FIRST_ENGAGEMENT),
  ]);
}

for (const sdk of SDK_VERSIONS) {
  describe(`in the host class of SDK ${sdk}`, { concurrency: 2 }, () => {
    test("an outbound call, from the click in the CRM to its record", async (t) => {
      const host = await Host.open(stage, t, { sdk });
      const { widget } = host;
      await host.send("DIAL_NUMBER", {
        phoneNumber: "(617) 555-0100",
        portalId: 62515,
        objectId: 101,
        objectType: "CONTACT",
        countryCode: "US",
        calleeInfo: { calleeId: 101, calleeObjectTypeId: "0-1" },
        startTimestamp: Date.now(),
        toPhoneNumberSrc: "phone",
      });
      await widget.reaches("Connected");
      await widget.notes.fill('Secret <plan> & "more"\nCall back');
      await widget.hangUp();
      await widget.ui.getByRole("radio", { name: "Connected" }).check();
      await widget.button("Save").click();
      await widget.isReady();
      assert.deepEqual(host.take(), [
        m.outgoing(NUMBERS.answers),
        m.answered(),
        m.ended("COMPLETED", FIRST_ENGAGEMENT),
        m.completed(
          outbound("COMPLETED", NUMBERS.answers, {
            hs_call_body: "Secret &lt;plan&gt; &amp; &quot;more&quot;<br>Call back",
            hs_call_disposition: CONNECTED,
          }),
          FIRST_ENGAGEMENT,
        ),
      ]);
    });

    test("an inbound call of someone whom the CRM knows, from the ring to its record", async (t) => {
      const host = await Host.open(stage, t, { sdk, crm: { matches: [MARIA] } });
      const { widget } = host;
      await widget.ring("+16175550199");
      await widget.heading("Maria Alvarez").waitFor();
      await widget.button("Open record").click();
      await widget.button("Answer").click();
      await widget.reaches("Connected");
      await widget.notes.fill("Secret wish");
      await widget.hangUp();
      await widget.button("Save").click();
      await widget.isReady();
      assert.deepEqual(host.take(), [
        m.incoming("+16175550199"),
        m.navigateToRecord(MARIA.objectCoordinates, FIRST_ENGAGEMENT),
        m.answered(),
        m.ended("COMPLETED", FIRST_ENGAGEMENT),
        m.completed(inbound("COMPLETED", "+16175550199", { hs_call_body: "Secret wish" }), FIRST_ENGAGEMENT),
      ]);
    });
  });
}

describe("outbound", { concurrency: 3 }, () => {
  test("the CRM ends the call", async (t) => {
    const host = await connected(t);
    await host.send("END_CALL", {});
    await host.widget.reaches("Call ended");
    await host.widget.button("Save").click();
    await host.widget.isReady();
    assert.deepEqual(host.take(), [
      m.ended("COMPLETED", FIRST_ENGAGEMENT),
      m.completed(outbound("COMPLETED", NUMBERS.answers), FIRST_ENGAGEMENT),
    ]);
  });

  for (const [name, number, shown, status, recorded] of [
    ["busy", NUMBERS.busy, "Busy", "BUSY", "BUSY"],
    ["declined", NUMBERS.rejects, "Declined", "REJECTED", "NO_ANSWER"],
    ["unreachable", NUMBERS.unreachable, "Can't be reached now", "FAILED", "FAILED"],
    ["a number that does not exist", NUMBERS.invalid, "This number does not exist", "FAILED", "FAILED"],
  ]) {
    test(`${name} ends as ${status}`, async (t) => {
      const host = await Host.open(stage, t);
      await host.widget.dial(number);
      await host.widget.reaches(shown);
      await host.widget.button("Save").click();
      await host.widget.isReady();
      assert.deepEqual(host.take(), [
        m.outgoing(number),
        m.ended(status, FIRST_ENGAGEMENT),
        m.completed(outbound(recorded, number), FIRST_ENGAGEMENT),
      ]);
    });
  }

  test("taken back while it rings", async (t) => {
    const host = await Host.open(stage, t);
    await host.widget.dial(NUMBERS.answersAfter8s);
    await host.widget.reaches("Ringing");
    await host.widget.hangUp();
    await host.widget.reaches("Call canceled");
    await host.widget.button("Save").click();
    await host.widget.isReady();
    assert.deepEqual(host.take(), [
      m.outgoing(NUMBERS.answersAfter8s),
      m.ended("CANCELED", FIRST_ENGAGEMENT),
      m.completed(outbound("CANCELED", NUMBERS.answersAfter8s), FIRST_ENGAGEMENT),
    ]);
  });

  test("a number that the account does not allow is no call", async (t) => {
    const host = await Host.open(stage, t);
    await host.send("DIAL_NUMBER", { phoneNumber: NUMBERS.notAllowed });
    await host.widget.heading("This call is not allowed").waitFor();
    await host.widget.button("Back to dialling").click();
    await host.widget.isReady();
    assert.deepEqual(host.take(), [m.error("The call could not be placed.")]);
  });

  test("the far end hangs up, and the connection is lost", async (t) => {
    const [hungUp, lost] = await Promise.all([Host.open(stage, t), Host.open(stage, t)]);
    await Promise.all([hungUp.widget.dial(NUMBERS.hangsUp), lost.widget.dial(NUMBERS.drops)]);
    await Promise.all([hungUp.widget.reaches("Call ended"), lost.widget.reaches("Connection lost")]);
    await Promise.all([hungUp.expect("CALL_ENDED"), lost.expect("CALL_ENDED")]);
    assert.deepEqual(hungUp.take(), [
      m.outgoing(NUMBERS.hangsUp),
      m.answered(),
      m.ended("COMPLETED", FIRST_ENGAGEMENT),
    ]);
    assert.deepEqual(lost.take(), [m.outgoing(NUMBERS.drops), m.answered(), m.ended("FAILED", FIRST_ENGAGEMENT)]);
  });

  test("hold, mute, keys and recording concern the line only", async (t) => {
    const host = await Host.open(stage, t);
    const { widget } = host;
    await widget.dial(NUMBERS.echoes);
    await widget.reaches("Connected");

    await widget.button("Hold").click();
    await widget.reaches("On hold");
    await widget.button("Hold", { pressed: true }).click();
    await widget.reaches("Connected");

    await widget.button("Mute").click();
    await widget.sees("Muted");
    await widget.button("Mute", { pressed: true }).click();
    await widget.button("Mute", { pressed: false }).waitFor();

    await widget.button("Keypad").click();
    for (const key of ["1", "9 WXYZ", "#"]) await widget.button(key).click();
    await widget.ui.getByLabel("Keys sent").getByText("19#").waitFor();
    await widget.button("Keypad").click();

    await widget.button("Record").click();
    await widget.ui.getByRole("listitem").getByText("Recording", { exact: true }).waitFor();
    await widget.button("Pause recording").click();
    await widget.sees("Recording paused");
    await widget.button("Pause recording", { pressed: true }).click();
    await widget.button("Record", { pressed: true }).click();
    await widget.button("Record", { pressed: false }).waitFor();

    await host.expect("CALL_ANSWERED");
    assert.deepEqual(host.take(), [m.outgoing(NUMBERS.echoes), m.answered()]);
    await endsAndSaves(host, NUMBERS.echoes);
  });

  test("handed over at once", async (t) => {
    const host = await connected(t);
    const { widget } = host;
    await widget.button("Transfer").click();
    await widget.number.fill("617 555 0103");
    await widget.ui.getByRole("radio", { name: "Hand over now" }).check();
    await widget.button("Transfer").click();
    await widget.reaches("Call transferred");
    await widget.button("Save").click();
    await widget.isReady();
    assert.deepEqual(host.take(), [
      m.transferred(),
      m.ended("COMPLETED", FIRST_ENGAGEMENT),
      m.completed(outbound("COMPLETED", NUMBERS.answers), FIRST_ENGAGEMENT),
    ]);
  });

  test("handed over after asking; the CRM does not hear of the question", async (t) => {
    const host = await connected(t);
    const { widget } = host;
    await widget.button("Transfer").click();
    await widget.number.fill(NUMBERS.echoes);
    await widget.button("Call them").click();
    await widget.ui
      .getByRole("region", { name: "Other call" })
      .getByText(/^On hold/)
      .waitFor();
    await widget.reaches("Connected");
    await widget.button("Complete transfer").click();
    await widget.reaches("Call transferred");
    await widget.button("Save").click();
    await widget.isReady();
    assert.deepEqual(host.take(), [
      m.transferred(),
      m.ended("COMPLETED", FIRST_ENGAGEMENT),
      m.completed(outbound("COMPLETED", NUMBERS.answers), FIRST_ENGAGEMENT),
    ]);
  });

  test("asked and taken back", async (t) => {
    const host = await connected(t);
    const { widget } = host;
    await widget.button("Transfer").click();
    await widget.number.fill(NUMBERS.echoes);
    await widget.button("Call them").click();
    await widget.button("Complete transfer").waitFor();
    await widget.button("Back to the caller").click();
    await widget.heading("+1 617-555-0100").waitFor();
    await widget.reaches("Connected");
    assert.deepEqual(host.take(), []);
    await endsAndSaves(host);
  });

  test("the frame is loaded again during the call: it goes on, with its notes, and is not begun twice", async (t) => {
    const host = await connected(t);
    const { widget } = host;
    await widget.notes.fill("Secret of before");
    await host.page.evaluate((engagementId) => (window.sync = { engagementId }), FIRST_ENGAGEMENT);
    await (await widget.frame()).evaluate(() => location.reload());
    const [ack, initialized] = await host.greeting();
    assert.deepEqual([ack.type, ack.engagementId], ["SYNC_ACK", FIRST_ENGAGEMENT]);
    assert.deepEqual([initialized.type, initialized.data.engagementId], ["INITIALIZED", FIRST_ENGAGEMENT]);
    await widget.reaches("Connected");
    assert.equal(await widget.notes.inputValue(), "Secret of before");
    await widget.hangUp();
    await widget.button("Save").click();
    await widget.isReady();
    assert.deepEqual(host.take(), [
      m.ended("COMPLETED", FIRST_ENGAGEMENT),
      m.completed(outbound("COMPLETED", NUMBERS.answers, { hs_call_body: "Secret of before" }), FIRST_ENGAGEMENT),
    ]);
  });

  test("the CRM makes no record: the call goes on and ends without one", async (t) => {
    const host = await Host.open(stage, t, { crm: { create: "fails", update: "is silent" } });
    await host.widget.dial(NUMBERS.answers);
    await host.widget.reaches("Connected");
    await host.widget.sees("The CRM made no record of this call.");
    await host.widget.button("Dismiss").click();
    await host.widget.hangUp();
    await host.widget.button("Save").click();
    await host.expect("CALL_COMPLETED");
    assert.deepEqual(host.take(), [
      m.outgoing(NUMBERS.answers),
      m.answered(),
      m.ended("COMPLETED"),
      m.completed(outbound("COMPLETED", NUMBERS.answers)),
    ]);
  });

  test("the CRM does not take the notes: they are kept, and saved again", async (t) => {
    const host = await connected(t, { crm: { update: "fails" } });
    const { widget } = host;
    await widget.notes.fill("Secret");
    await widget.hangUp();
    await widget.button("Save").click();
    await widget.sees("Not saved: the CRM did not take it.");
    await host.page.evaluate(() => (window.crm.update = "succeeds"));
    await widget.button("Save again").click();
    await widget.isReady();
    const twice = m.completed(outbound("COMPLETED", NUMBERS.answers, { hs_call_body: "Secret" }), FIRST_ENGAGEMENT);
    assert.deepEqual(host.take(), [m.ended("COMPLETED", FIRST_ENGAGEMENT), twice, twice]);
  });

  test("clicks in the CRM while a call is on, and while nobody is signed in", async (t) => {
    const host = await connected(t);
    const { widget } = host;
    await host.send("DIAL_NUMBER", { phoneNumber: NUMBERS.busy });
    await widget.sees("Another call is on. End it first.");
    await endsAfter(host, [m.error("The number could not be called; the calling app says why.")]);

    await widget.button("Settings").click();
    await widget.button("Sign out").click();
    await widget.heading("Sign in to call").waitFor();
    await host.send("DIAL_NUMBER", { phoneNumber: NUMBERS.busy });
    await widget.sees("nobody is signed in");
    await widget.button("Sign in").click();
    await widget.isReady();
    await host.expect("USER_AVAILABLE");
    assert.deepEqual(host.take(), [
      m.loggedOut,
      m.error("The number could not be called; the calling app says why."),
      m.loggedIn,
      m.available,
    ]);
  });

  test("two calls in a row are two records", async (t) => {
    const host = await connected(t);
    await endsAndSaves(host);
    await host.widget.dial(NUMBERS.answers);
    await host.widget.reaches("Connected");
    await host.widget.hangUp();
    await host.expect("CALL_ENDED");
    assert.deepEqual(host.take(), [
      m.outgoing(NUMBERS.answers),
      m.answered(),
      m.ended("COMPLETED", FIRST_ENGAGEMENT + 1),
    ]);
  });
});

async function endsAfter(host, messages) {
  await host.expect(messages.at(-1).type);
  assert.deepEqual(host.take(), messages);
  await endsAndSaves(host);
}

describe("inbound", { concurrency: 3 }, () => {
  test("declined", async (t) => {
    const host = await Host.open(stage, t);
    await host.widget.ring("+16175550199");
    await host.widget.ui.getByRole("button", { name: /^Decline, / }).click();
    await host.widget.isReady();
    await host.expect("CALL_COMPLETED");
    assert.deepEqual(host.take(), [
      m.incoming("+16175550199"),
      m.ended("REJECTED", FIRST_ENGAGEMENT),
      m.completed(inbound("NO_ANSWER", "+16175550199"), FIRST_ENGAGEMENT, { hideWidget: false }),
    ]);
  });

  test("of someone who withholds their number", async (t) => {
    const host = await Host.open(stage, t, { crm: { matches: [] } });
    await host.widget.ring("");
    await host.widget.heading("Number withheld").waitFor();
    await host.widget.button("Answer").click();
    await host.widget.reaches("Connected");
    await host.widget.hangUp();
    await host.widget.button("Save").click();
    await host.widget.isReady();
    assert.deepEqual(host.take(), [
      m.incoming(""),
      m.answered(),
      m.ended("COMPLETED", FIRST_ENGAGEMENT),
      m.completed(inbound("COMPLETED"), FIRST_ENGAGEMENT),
    ]);
  });

  test("of a company", async (t) => {
    const objectCoordinates = { portalId: 62515, objectId: 5, objectTypeId: "0-2" };
    const host = await Host.open(stage, t, {
      crm: { matches: [{ callerIdType: "COMPANY", objectCoordinates, name: "Northwind" }] },
    });
    await host.widget.ring("+16175550199");
    await host.widget.heading("Northwind").waitFor();
  });

  test("the parent changes the fragment, which the SDK takes for a new load: the call rings once", async (t) => {
    const host = await Host.open(stage, t);
    await host.page.evaluate((src) => {
      window.manager.iFrame.contentWindow.location.replace(`${src}#incoming=%2B16175550199&n=1`);
    }, host.src);
    await host.widget.button("Answer").click();
    await host.widget.reaches("Connected");
    await host.expect("CALL_ANSWERED");
    const calls = host.take().filter(({ type }) => /CALL/.test(type));
    assert.deepEqual(calls, [m.incoming("+16175550199"), m.answered()]);
  });

  test("a second call while one is on: the first waits, and they are two records", async (t) => {
    const host = await connected(t);
    const { widget } = host;
    await widget.ring("+16175550199");
    await widget.button("Hold and answer").click();
    await widget.heading("+1 617-555-0199").waitFor();
    await widget.ui
      .getByRole("region", { name: "Other call" })
      .getByText(/^On hold/)
      .waitFor();
    await widget.reaches("Connected");
    await widget.button("Swap").click();
    await widget.heading("+1 617-555-0100").waitFor();
    await widget.reaches("Connected");
    await widget.hangUp();
    await widget.heading("+1 617-555-0199").waitFor();
    await widget.reaches("On hold");
    await host.expect("CALL_ENDED");
    assert.deepEqual(host.take(), [
      m.incoming("+16175550199"),
      m.answered(),
      m.ended("COMPLETED", FIRST_ENGAGEMENT, 2),
    ]);
  });

  test("who is away gets no calls", async (t) => {
    const host = await Host.open(stage, t);
    const { widget } = host;
    await widget.ui.getByRole("switch", { name: "Available" }).click();
    await widget.sees("You are away. Incoming calls do not ring.");
    await widget.ring("+16175550199");
    await widget.ui.getByRole("switch", { name: "Available", checked: false }).click();
    await host.expect("USER_AVAILABLE");
    assert.deepEqual(host.take(), [m.unavailable, m.available]);
  });
});
