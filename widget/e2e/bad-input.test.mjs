// What the CRM or the user gives that makes no sense: a clear word or nothing, and the widget stays usable.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Host } from "./lib/host.mjs";
import * as m from "./lib/messages.mjs";
import { settled, spyOn } from "./lib/spy.mjs";
import { openStage } from "./lib/stage.mjs";

const { NUMBERS } = m;
const stage = await openStage();
const REFUSED = m.error("The number could not be called; the calling app says why.");

const ONLY_DIGITS = "Use only digits, spaces and + in a number.";
const OTHER_ADDRESS = "Only phone numbers can be called.";
const EMERGENCY = "Emergency numbers can't be called from here. Use a telephone.";
const PREMIUM = "Your account does not allow premium-rate numbers.";
/** Neighbours differ in their words, so that the words of the one before are not taken for those of the next. */
const BAD_NUMBERS = [
  ["", "Type the number to call."],
  ["call me", ONLY_DIGITS],
  ["   ", "Type the number to call."],
  ["617-FLOWERS", ONLY_DIGITS],
  ["123", "Too short for a phone number. Add the missing digits."],
  ["<img src=x onerror=alert(1)>", ONLY_DIGITS],
  ["+16175550100123456", "Too long for a phone number. Check its digits."],
  ["911", EMERGENCY],
  ["+1 900 555 0142", PREMIUM],
  ["1-1-2", EMERGENCY],
  ["+44 90 1234 5678", PREMIUM],
  ["617 555 0100 x12", "Call the number without its extension, then press it on the keypad."],
  ["+881 612345678", PREMIUM],
  ["sip:alex@example.com", OTHER_ADDRESS],
  ["+999 555 0100 22", "No country has this calling code. Check the first digits."],
  ["client:alex", OTHER_ADDRESS],
];

async function callsAsEver(host) {
  await host.widget.dial(NUMBERS.answers);
  await host.widget.reaches("Connected");
  await host.expect("CALL_ANSWERED");
  assert.deepEqual(host.take(), [m.outgoing(NUMBERS.answers), m.answered()]);
}

describe("numbers", { concurrency: 3 }, () => {
  test("clicked in the CRM", async (t) => {
    const host = await Host.open(stage, t);
    for (const [phoneNumber, words] of BAD_NUMBERS) {
      await host.send("DIAL_NUMBER", { phoneNumber });
      await host.expect("ERROR");
      assert.deepEqual(host.take(), [REFUSED], phoneNumber);
      await host.widget.sees(words);
    }
    await callsAsEver(host);
  });

  test("typed by the user", async (t) => {
    const host = await Host.open(stage, t);
    for (const [typed, words] of BAD_NUMBERS.filter(([number]) => number.trim())) {
      await host.widget.number.fill(typed);
      await host.widget.number.press("Enter");
      await host.widget.sees(words);
    }
    assert.deepEqual(host.take(), []);
    await callsAsEver(host);
  });

  test("spelled in other ways that are fine", async (t) => {
    const host = await Host.open(stage, t);
    const dialled = [];
    for (const phoneNumber of [
      "617.555.0110",
      "+1 (617) 555‑0110",
      "tel:+1-617-555-0110",
      "\u200e+16175550110\u200f",
      "＋１６１７５５５０１１０",
    ]) {
      await host.send("DIAL_NUMBER", { phoneNumber });
      await host.expect("CALL_ENDED");
      dialled.push(host.take()[0].data?.toNumber);
      await host.widget.button("Save").click();
      await host.expect("CALL_COMPLETED");
      await host.widget.isReady();
      host.take();
    }
    assert.deepEqual([...new Set(dialled)], [NUMBERS.busy]);
  });

  test("of 10 kB", async (t) => {
    const page = await stage.page(t);
    await spyOn(page);
    const host = await Host.open(stage, t, { page });
    for (const text of ["1".repeat(10_240), "x".repeat(10_240), "é".repeat(10_240)]) {
      await host.send("DIAL_NUMBER", { phoneNumber: text });
      await host.widget.number.fill(text);
      await host.widget.number.press("Enter");
      assert.ok((await host.widget.number.inputValue()).length <= 128);
    }
    await settled(page, await host.widget.frame());
    for (const message of host.take()) assert.deepEqual(message, REFUSED);
    await callsAsEver(host);
  });
});

describe("messages of the CRM", { concurrency: 3 }, () => {
  const TYPES = [
    "DIAL_NUMBER",
    "END_CALL",
    "SET_CALL_STATE",
    "VISIBILITY_CHANGED",
    "ENGAGEMENT_CREATED",
    "CREATE_ENGAGEMENT_SUCCEEDED",
    "CREATE_ENGAGEMENT_FAILED",
    "UPDATE_ENGAGEMENT_SUCCEEDED",
    "UPDATE_ENGAGEMENT_FAILED",
    "CALLER_ID_MATCH_SUCCEEDED",
    "CALLER_ID_MATCH_FAILED",
    "NAVIGATE_TO_RECORD_FAILED",
    "PUBLISH_TO_CHANNEL_SUCCEEDED",
    "PUBLISH_TO_CHANNEL_FAILED",
    "FINALIZE_ENGAGEMENT_SUCCEEDED",
    "FINALIZE_ENGAGEMENT_FAILED",
    "INITIATE_CALL_ID_SUCCEEDED",
    "INITIATE_CALL_ID_FAILED",
    "SET_WIDGET_URL_FAILED",
    "UPDATE_ASSOCIATIONS_FAILED",
    "FAILED",
    "UNLOADING",
  ];
  const FIELDS = [
    "phoneNumber",
    "engagementId",
    "externalCallId",
    "callerIdMatches",
    "error",
    "isMinimized",
    "objectCoordinates",
    "calleeInfo",
  ];
  const WRONG = [
    undefined,
    null,
    true,
    -1,
    1e300,
    "",
    "x",
    "x".repeat(10_240),
    [],
    [null],
    {},
    { message: 5 },
    { message: null },
  ];

  for (const [when, prepare] of [
    ["between calls", async () => {}],
    [
      "while a call rings",
      async (host) => {
        await host.widget.ring("+16175550199");
        await host.widget.button("Answer").waitFor();
        host.take();
      },
    ],
  ]) {
    test(`with fields that are missing or wrong, ${when}`, async (t) => {
      const page = await stage.page(t);
      await spyOn(page);
      const host = await Host.open(stage, t, { page, crm: { create: "is silent" } });
      await prepare(host);
      const types = when === "between calls" ? TYPES : TYPES.filter((type) => type !== "END_CALL");
      await host.post(
        ([types, fields, wrong]) =>
          types.flatMap((type) => [
            ...wrong.map((data) => ({ type, messageId: "1_1", data })),
            { type, messageId: "1_1" },
            ...fields.flatMap((field) => wrong.map((value) => ({ type, messageId: "1_1", data: { [field]: value } }))),
          ]),
        [types, FIELDS, WRONG],
      );
      await settled(page, await host.widget.frame());
      const others = host.take().filter((message) => message.type !== "ERROR");
      assert.deepEqual(others, []);
      if (when === "between calls") {
        await callsAsEver(host);
      } else {
        await host.widget.button("Answer").click();
        await host.widget.reaches("Connected");
      }
    });
  }

  test("of a type that nobody knows are named in an ERROR, without their data", async (t) => {
    const host = await Host.open(stage, t);
    await host.send("BRAND_NEW", { phoneNumber: NUMBERS.answers });
    await host.expect("ERROR");
    assert.deepEqual(host.take(), [
      {
        type: "ERROR",
        messageId: "<id>",
        data: { type: "UNKNOWN_MESSAGE_TYPE", data: { originalMessage: { type: "BRAND_NEW" } } },
      },
    ]);
  });

  test("END_CALL without a call", async (t) => {
    const host = await Host.open(stage, t);
    await host.send("END_CALL", {});
    await callsAsEver(host);
  });

  test("names of callers are text, not markup, of any length", async (t) => {
    const objectCoordinates = { portalId: 1, objectId: 1, objectTypeId: "0-1" };
    const firstName = `<img src=x onerror=alert(1)>${"W".repeat(200)}`;
    const host = await Host.open(stage, t, {
      crm: { matches: [{ callerIdType: "CONTACT", objectCoordinates, firstName, lastName: "" }] },
    });
    await host.widget.ring("+16175550199");
    await host.widget.ui.getByRole("heading", { name: firstName }).waitFor();
    const frame = await host.widget.frame();
    assert.ok(await frame.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  });
});

test("notes of 10 kB reach the record", async (t) => {
  const host = await Host.open(stage, t);
  await host.widget.dial(NUMBERS.answers);
  await host.widget.reaches("Connected");
  const notes = "Secret é. ".repeat(1_000).trim();
  await host.widget.notes.fill(notes);
  await host.widget.hangUp();
  await host.widget.button("Save").click();
  const { data } = await host.expect("CALL_COMPLETED");
  assert.equal(data.engagementProperties.hs_call_body, notes);
});
