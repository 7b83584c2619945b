// The emulator with the account's own server, for tests of the voice SDK alone.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import { Emulator, NUMBERS } from "../../../../crates/emulator/e2e/emulator.mjs";

/** The account of `CloudConfig::for_tests`; nothing of it is secret. */
export const ACCOUNT = {
  sid: "AC00000000000000000000000000000001",
  token: "not-a-secret-auth-token",
  key: "SK00000000000000000000000000000001",
  secret: "not-a-secret-api-key-secret-of-32",
  application: "AP00000000000000000000000000000001",
};

const readLeg = ({ sid, to, status }) => ({
  id: sid,
  isAgent: to.startsWith("client:"),
  talks: status === "in-progress",
});

const keys = ({ signal }) => `
account_sid = "${ACCOUNT.sid}"
auth_token = "${ACCOUNT.token}"
api_key_sid = "${ACCOUNT.key}"
api_key_secret = "${ACCOUNT.secret}"
sdk_options = '${JSON.stringify({ chunderw: signal, publishEvents: false })}'
`;

/** Twilio, for tests of an office. */
export const TWILIO = { name: "twilio", readLeg, keys, pauses: true };

const base64url = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** An access token for the voice SDK. */
export function token(identity, { seconds = 600, secret = ACCOUNT.secret, outgoing = true } = {}) {
  const now = Math.floor(Date.now() / 1000);
  const voice = { incoming: { allow: true }, ...(outgoing && { outgoing: { application_sid: ACCOUNT.application } }) };
  const text = [
    { alg: "HS256", typ: "JWT", cty: "twilio-fpa;v=1" },
    { jti: `${ACCOUNT.key}-${now}`, iss: ACCOUNT.key, sub: ACCOUNT.sid, iat: now, exp: now + seconds, grants: { identity, voice } },
  ]
    .map(base64url)
    .join(".");
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
}

/** The emulator, and a server that its webhooks go to. */
export class Account extends Emulator {
  /** What the account's server was asked for, in order: path and fields. */
  webhooks = [];
  /** What it answers to a question for TwiML. */
  twiml = "<Response/>";
  #server;

  static async start() {
    const account = new Account("twilio", readLeg);
    await account.#listen();
    await account.run(`http://127.0.0.1:${account.#server.address().port}`);
    return account;
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
    const response = await fetch(`${this.rest}/2010-04-01/Accounts/${ACCOUNT.sid}${path}`, {
      method,
      headers: { Authorization: `Basic ${Buffer.from(`${ACCOUNT.key}:${ACCOUNT.secret}`).toString("base64")}` },
      ...(fields && { body: new URLSearchParams(fields) }),
    });
    assert.ok(response.ok, `${method} ${path}: ${response.status} ${response.ok ? "" : await response.text()}`);
    return response.status === 204 ? undefined : response.json();
  }

  /** Calls somebody into a conference. */
  add(room, To, fields) {
    return this.api("POST", `/Conferences/${room}/Participants.json`, { From: NUMBERS.own, To, ...fields });
  }
}
