// A page that embeds the widget by the official SDK's host class, and answers as HubSpot does.
import assert from "node:assert/strict";
import { until } from "./stage.mjs";
import { Widget } from "./widget.mjs";

/** What HubSpot tells a widget of the place it runs in; the SDK's host class alone tells `hostUrl` only. */
export const CONTEXT = {
  portalId: 62515,
  userId: 9001,
  ownerId: 70001,
  iframeLocation: "widget",
  usesCallingWindow: false,
};

/** HubSpot's ids of call records begin here. */
export const FIRST_ENGAGEMENT = 7001;

export class Host {
  /** Every message of the widget so far, in order. */
  messages = [];
  #since = Date.now();

  constructor(page, origin, src) {
    this.page = page;
    this.origin = origin;
    this.src = src;
    this.widget = new Widget(page);
  }

  /**
   * Opens a host page with the widget in it, and waits until it has greeted, unless `greets` is false.
   *
   * - `sdk`: the version of the official SDK.
   * - `sync`: more fields of SYNC.
   * - `crm.create`, `crm.update`: `"succeeds"`, `"fails"` or `"is silent"`. `crm.matches`: who may be calling.
   */
  static async open(stage, t, { sdk = "0.9.7", sync = CONTEXT, crm = {}, page, greets = true, ...options } = {}) {
    page ??= await stage.page(t, options);
    const host = new Host(page, stage.hosts, `${stage.widget}/`);
    await page.exposeFunction("record", (message, origin) => {
      assert.equal(origin, stage.widget);
      host.messages.push(message);
    });
    await page.goto(`${stage.hosts}/${sdk}`);
    await page.evaluate(embed, { src: host.src, sync, crm, engagement: FIRST_ENGAGEMENT });
    if (greets) await host.greeting();
    return host;
  }

  /** Waits until the widget has introduced itself and the user is available, and forgets what it said so far. */
  async greeting() {
    const said = () => this.messages.map((message) => message.type);
    await until(
      "the widget's greeting",
      () => said().includes("USER_AVAILABLE") || this.messages.some((message) => message.data?.isAvailable === true),
    );
    return this.take();
  }

  /** Sends a message by the official SDK. */
  send(type, data) {
    return this.page.evaluate((message) => window.manager.sendMessage(message), { type, data });
  }

  /** Posts anything at all to the widget. `make` runs in the page. */
  post(make, argument) {
    return this.page.evaluate(
      ([make, argument, origin]) => {
        const values = new Function(`return (${make})`)()(argument);
        for (const value of values) window.manager.iFrame.contentWindow.postMessage(value, origin);
      },
      [String(make), argument, new URL(this.src).origin],
    );
  }

  /** Waits for a message of that type. */
  expect(type) {
    return until(type, () => this.messages.find((message) => message.type === type));
  }

  /** What the widget said since it was last asked, with what differs from run to run checked and replaced. */
  take() {
    const calls = [];
    return this.messages.splice(0).map((message) => this.#normalised(message, calls));
  }

  #normalised(message, calls) {
    if (message.type !== "SYNC_ACK") assert.match(message.messageId, /^c[0-9a-f]+_[1-9][0-9]*$/);
    const replaced = (key, value) => {
      switch (key) {
        case "messageId":
          return "<id>";
        case "externalCallId":
          assert.match(value, /^mock-[0-9a-z-]+$/);
          if (!calls.includes(value)) calls.push(value);
          return `<call ${calls.indexOf(value) + 1}>`;
        case "callStartTime":
        case "hs_timestamp":
          assert.ok(Number.isInteger(value) && value >= this.#since && value <= Date.now(), `${key}: ${value}`);
          return "<time>";
        case "hs_call_duration":
          assert.match(value, /^\d{1,5}$/);
          return value === "0" ? value : "<ms>";
        default:
          return normal(value);
      }
    };
    const normal = (value) =>
      value !== null && typeof value === "object" && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).map(([key, value]) => [key, replaced(key, value)]))
        : value;
    return normal(message);
  }
}

/** Runs in the page. */
function embed({ src, sync, crm, engagement }) {
  addEventListener("message", (event) => {
    const isWidget = event.source === window.manager?.iFrame?.contentWindow;
    if (isWidget && !event.data.marker) window.record(event.data, event.origin);
  });
  const engagements = new Map();
  const say = (type, data) => window.manager.sendMessage({ type, data });
  const failure = { error: { message: "The CRM refused." } };
  const create = (call) => {
    if (crm.create === "is silent") return;
    if (crm.create === "fails") return say("CREATE_ENGAGEMENT_FAILED", failure);
    if (!engagements.has(call)) engagements.set(call, engagement++);
    const engagementId = engagements.get(call);
    say("CREATE_ENGAGEMENT_SUCCEEDED", { engagementId });
    say("ENGAGEMENT_CREATED", { engagementId });
  };
  const onMessageHandler = ({ type, data }) => {
    if (type === "INCOMING_CALL" && crm.matches) say("CALLER_ID_MATCH_SUCCEEDED", { callerIdMatches: crm.matches });
    if (data?.createEngagement) create(data.externalCallId);
    if (type === "CALL_COMPLETED" && crm.update !== "is silent") {
      if (crm.update === "fails") say("UPDATE_ENGAGEMENT_FAILED", failure);
      else say("UPDATE_ENGAGEMENT_SUCCEEDED", { engagementId: data.engagementId });
    }
  };
  const iFrameOptions = { src, width: "400px", height: "650px", hostElementSelector: "#widget" };
  window.crm = crm;
  window.sync = sync;
  window.manager = new window.IFrameManager({ iFrameOptions, onMessageHandler, debugMode: false });
  const frame = window.manager.destinationWindow;
  window.manager.destinationWindow = {
    postMessage: (message, origin) =>
      frame.postMessage(message.type === "SYNC" ? { ...message, ...window.sync } : message, origin),
  };
}
