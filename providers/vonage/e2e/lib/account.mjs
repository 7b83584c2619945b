// The account of the emulator's `CloudConfig::for_tests`; nothing of it is secret.
import assert from "node:assert/strict";
import { createSign } from "node:crypto";
import { readFileSync } from "node:fs";
import { Emulator, NUMBERS, inRepository } from "../../../../crates/emulator/e2e/emulator.mjs";

export const ACCOUNT = {
  application: "00000000-0000-4000-8000-000000000001",
  keyFile: inRepository("providers/vonage/emulator/src/key.pem"),
  apiKey: "a1b2c3d4",
  apiSecret: "not-a-secret-api-secret",
  signatureSecret: "not-a-secret-signature-secret-of-some-length",
};

/** Where the client SDK finds its cloud. */
export const settings = ({ rest }) => ({ apiUrl: rest, websocketUrl: rest });

const readLeg = ({ uuid, to, status }) => ({ id: uuid, isAgent: !to.startsWith("+"), talks: status === "answered" });

const keys = (emulator) => `
application_id = "${ACCOUNT.application}"
private_key_file = ${JSON.stringify(ACCOUNT.keyFile)}
api_key = "${ACCOUNT.apiKey}"
api_secret = "${ACCOUNT.apiSecret}"
signature_secret = "${ACCOUNT.signatureSecret}"
hold_music_url = "https://calls.example.com/music.mp3"
sdk_options = '${JSON.stringify(settings(emulator))}'
`;

/** Vonage, for tests of an office. */
export const VONAGE = { name: "vonage", readLeg, keys, pauses: false };

const base64url = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const PATHS = ["users", "conversations", "sessions", "devices", "legs"].map((name) => [`/*/${name}/**`, {}]);

/** A token of the application, or of one of its users. */
export function token(user, seconds = 600) {
  const iat = Math.floor(Date.now() / 1000);
  const whose = user && { sub: user, acl: { paths: Object.fromEntries(PATHS) } };
  const claims = { application_id: ACCOUNT.application, iat, jti: `${iat}-${Math.random()}`, exp: iat + seconds, ...whose };
  const text = [{ alg: "RS256", typ: "JWT" }, claims].map(base64url).join(".");
  return `${text}.${createSign("RSA-SHA256").update(text).sign(readFileSync(ACCOUNT.keyFile), "base64url")}`;
}

/** The emulator as its application's server uses it. */
export class Cloud extends Emulator {
  static async start() {
    const cloud = new Cloud("vonage", readLeg);
    // Nobody listens to its webhooks.
    await cloud.run("http://127.0.0.1:9");
    return cloud;
  }

  /** Vonage's REST API. */
  async api(method, path, body) {
    const response = await fetch(`${this.rest}/v1/${path}`, {
      method,
      headers: { Authorization: `Bearer ${token()}`, "Content-Type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
    return text && JSON.parse(text);
  }

  /** Calls somebody into a conversation. */
  async call(to, conversation) {
    const from = { type: "phone", number: NUMBERS.own.slice(1) };
    const ncco = [{ action: "conversation", name: conversation, startOnEnter: true, endOnExit: false }];
    return (await this.api("POST", "calls", { to: [to], from, ncco })).uuid;
  }

  callUser(user, conversation) {
    return this.call({ type: "app", user }, conversation);
  }

  callNumber(number, conversation) {
    return this.call({ type: "phone", number: number.slice(1) }, conversation);
  }
}
