// The emulator as a process, the account's own server, and what tests ask both for.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const inRepository = (path) => fileURLToPath(new URL(`../../../../${path}`, import.meta.url));
/** As `cargo build -p cordboard-twilio-emulator` leaves it. */
const BINARY = process.env.CORDBOARD_TWILIO_EMULATOR ?? inRepository("target/debug/cordboard-twilio-emulator");

/** The account of `CloudConfig::for_tests`; nothing of it is secret. */
const ACCOUNT = "AC00000000000000000000000000000001";
const KEY = "SK00000000000000000000000000000001";
const SECRET = "not-a-secret-api-key-secret-of-32";
const APPLICATION = "AP00000000000000000000000000000001";
/** Of `numbers.rs`. */
export const NUMBERS = { own: "+16175550190", answers: "+16175550100" };

/** Long enough for a busy machine: only a test that fails waits for it. */
const TIMEOUT = 20_000;

/** Waits until `read` answers something true, and answers that. */
export async function until(what, read) {
  const deadline = Date.now() + TIMEOUT;
  let last;
  for (;;) {
    const found = await read();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`, { cause: last });
    last = found;
    await new Promise((done) => setTimeout(done, 20));
  }
}

const base64url = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** An access token for the voice SDK. */
export function token(identity, { seconds = 600, secret = SECRET, outgoing = true } = {}) {
  const now = Math.floor(Date.now() / 1000);
  const voice = { incoming: { allow: true }, ...(outgoing && { outgoing: { application_sid: APPLICATION } }) };
  const text = [
    { alg: "HS256", typ: "JWT", cty: "twilio-fpa;v=1" },
    { jti: `${KEY}-${now}`, iss: KEY, sub: ACCOUNT, iat: now, exp: now + seconds, grants: { identity, voice } },
  ]
    .map(base64url)
    .join(".");
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
}

export class Emulator {
  static ACCOUNT = ACCOUNT;
  static AUTH_TOKEN = "not-a-secret-auth-token";
  static KEY = KEY;
  static SECRET = SECRET;

  /** What the account's server was asked for, in order: path and fields. */
  webhooks = [];
  /** What it answers to a question for TwiML. */
  twiml = "<Response/>";
  #process;
  #server;

  static async start() {
    const emulator = new Emulator();
    await emulator.#listen();
    await emulator.run(`http://127.0.0.1:${emulator.#server.address().port}`);
    return emulator;
  }

  /** Runs the emulator for an account whose server is there. */
  async run(webhooks) {
    this.#process = spawn(BINARY, ["--webhooks-base", webhooks], { stdio: ["ignore", "pipe", "inherit"] });
    const lines = createInterface({ input: this.#process.stdout });
    const line = await new Promise((done, fail) => {
      lines.once("line", done);
      this.#process.once("error", fail);
      this.#process.once("exit", (code) => fail(new Error(`the emulator ended with ${code}`)));
    });
    Object.assign(this, JSON.parse(line));
  }

  stop() {
    this.#process.removeAllListeners("exit");
    this.#process.kill();
  }

  async #listen() {
    this.#server = createServer(async (request, response) => {
      const body = Buffer.concat(await request.toArray()).toString();
      this.webhooks.push({ path: request.url, fields: Object.fromEntries(new URLSearchParams(body)) });
      response.writeHead(200, { "Content-Type": "text/xml" }).end(this.twiml);
    });
    await new Promise((done) => this.#server.listen(0, "127.0.0.1", done));
  }

  async close() {
    this.stop();
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  /** Twilio's REST API. */
  async api(method, path, fields) {
    const response = await fetch(`${this.rest}/2010-04-01/Accounts/${ACCOUNT}${path}`, {
      method,
      headers: { Authorization: `Basic ${Buffer.from(`${KEY}:${SECRET}`).toString("base64")}` },
      ...(fields && { body: new URLSearchParams(fields) }),
    });
    assert.ok(response.ok, `${method} ${path}: ${response.status} ${response.ok ? "" : await response.text()}`);
    return response.status === 204 ? undefined : response.json();
  }

  /** Calls somebody into a conference. */
  add(room, To, fields) {
    return this.api("POST", `/Conferences/${room}/Participants.json`, { From: NUMBERS.own, To, ...fields });
  }

  async control(method, path, body) {
    const sent = body && { body: JSON.stringify(body) };
    const response = await fetch(`${this.rest}/control/${path}`, { method, ...sent });
    assert.ok(response.ok, `${method} ${path}: ${response.status}`);
    return response.status === 204 ? undefined : response.json();
  }

  async leg(sid) {
    return (await this.control("GET", "legs")).find((leg) => leg.sid === sid);
  }

  /** Waits until a leg is as `is` wants it, and answers that leg. */
  legIs(sid, what, is) {
    return until(`a leg that ${what}`, async () => {
      const leg = await this.leg(sid);
      return leg && is(leg) && leg;
    });
  }

  /** How much passes one way until 25 more packets, half a second, went by: how many of them can be heard. */
  async heard(sid, way) {
    const before = (await this.leg(sid)).audio[way];
    const goesOn = ({ audio }) => audio[way].packets >= before.packets + 25;
    const after = (await this.legIs(sid, `goes on ${way}`, goesOn)).audio[way];
    return { packets: after.packets - before.packets, loud: after.loud - before.loud, level: after.level };
  }
}
