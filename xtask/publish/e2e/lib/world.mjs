// Where an app is published and used: a host over HTTPS, HubSpot's and Twilio's emulators, a gateway, and a door that sees every request to
// HubSpot and to the host, so that whoever sends one can be killed at it.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { generate } from "selfsigned";
import { Emulator, binary, inRepository, until } from "../../../../crates/emulator/e2e/emulator.mjs";
import { Gateway, hashed } from "../../../../crates/gateway/e2e/lib/gateway.mjs";
import { ACCOUNT, TWILIO } from "../../../../providers/twilio/e2e/lib/emulator.mjs";
import { SIMULATOR } from "../../../../widget/e2e/lib/files.mjs";
import { TYPES, freePort, readHeaders, serveBundle } from "../../../../widget/e2e/lib/servers.mjs";
import { Door } from "./door.mjs";

/** The widget's host. The name is nobody's; whoever asks for it gets this machine. */
export const HOST = "widget.example.com";
export const PASSWORD = "demo-password";
const APP = "softphone-gateway";
const OPERATOR = "not-a-secret-operator-token-of-any-use";
/** The app and the account of the emulator's `CloudConfig::for_tests`; nothing of it is secret. */
const HUBSPOT = {
  app: 12345,
  portal: 62515,
  id: "not-a-secret-client-id",
  secret: "not-a-secret-client-secret",
  key: "not-a-secret-developer-key",
};

const listen = (server) => new Promise((done) => server.listen(0, "127.0.0.1", () => done(server.address().port)));
const shut = (server) => {
  server.closeAllConnections();
  return new Promise((done) => server.close(done));
};

export class World {
  #door = new Door();
  #folder;
  #stops = [];

  static async open() {
    const world = new World();
    try {
      await world.#start();
    } catch (error) {
      await world.close();
      throw error;
    }
    return world;
  }

  async close() {
    for (const stop of this.#stops.reverse()) await stop();
  }

  async #start() {
    this.#folder = await mkdtemp(join(tmpdir(), "cordboard-world-"));
    this.#stops.push(() => rm(this.#folder, { recursive: true, force: true }));
    const altNames = [
      { type: 2, value: HOST },
      { type: 7, ip: "127.0.0.1" },
    ];
    const names = { name: "subjectAltName", altNames };
    const options = { algorithm: "sha256", extensions: [names] };
    const { cert, private: key } = await generate([{ name: "commonName", value: HOST }], options);
    await writeFile(this.#file("certificate.pem"), cert);
    await writeFile(this.#file("key.pem"), key);
    // Of every program that is started from here.
    process.env.SSL_CERT_FILE = this.#file("certificate.pem");
    const crm = await serveBundle(SIMULATOR, { hostname: "localhost" });
    this.#stops.push(() => crm.close());
    this.crm = crm.origin;
    this.gateway = `https://127.0.0.1:${await freePort()}`;
    await this.#startHubSpot();
    await this.#startHost({ cert, key });
    await this.#startGateway();
    await this.#install();
  }

  #file(name) {
    return join(this.#folder, name);
  }

  async #startHubSpot() {
    const line = ["--redirect-uri", `${this.gateway}/hubspot/callback`];
    const emulator = spawn(binary("cordboard-hubspot-emulator"), line, { stdio: ["ignore", "pipe", "inherit"] });
    this.#stops.push(() => emulator.kill());
    const [said] = await once(createInterface({ input: emulator.stdout }), "line");
    this.hubspot = JSON.parse(said).api;
    const server = createHttpServer(async (request, response) => {
      const body = Buffer.concat(await request.toArray());
      const { authorization, "content-type": type } = request.headers;
      const headers = Object.entries({ authorization, "content-type": type }).filter(([, value]) => value);
      const answer = await this.#door.pass(async () => {
        const sent = { method: request.method, headers, ...(body.length > 0 && { body }) };
        const answer = await fetch(this.hubspot + request.url, sent);
        return { status: answer.status, headers: answer.headers, body: Buffer.from(await answer.arrayBuffer()) };
      });
      response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(answer.body);
    });
    this.api = `http://127.0.0.1:${await listen(server)}`;
    this.#stops.push(() => shut(server));
  }

  /** A static host that knows `_headers`. */
  async #startHost(certificate) {
    const folder = this.#file("www");
    await mkdir(folder);
    const server = createHttpsServer(certificate, (request, response) =>
      this.#door.pass(async () => {
        const { pathname } = new URL(request.url, `https://${HOST}`);
        const path = pathname === "/" ? "/index.html" : pathname;
        try {
          const [headersOf, body] = await Promise.all([readHeaders(folder), readFile(folder + path)]);
          response.writeHead(200, { "Content-Type": TYPES[extname(path)], ...headersOf(pathname) }).end(body);
        } catch {
          response.writeHead(404).end();
        }
      }),
    );
    this.host = `127.0.0.1:${await listen(server)}`;
    this.#stops.push(() => shut(server));
  }

  /** Over Twilio's emulator, whose calls go on without a gateway. Agents' browsers have no sound: that has tests of its own. */
  async #startGateway() {
    const twilio = new Emulator(TWILIO.name, TWILIO.readLeg);
    await twilio.run(this.gateway);
    this.#stops.push(() => twilio.stop());
    await twilio.control("POST", "clients", { script: "accepts" });
    const agents = `[[agents]]\nid = "alex"\nname = "Alex Demo"\npassword = "${await hashed(PASSWORD)}"\n`;
    const config = `
[server]
listen = "${new URL(this.gateway).host}"
public_url = "${this.gateway}"
tls_certificate = "${this.#file("certificate.pem")}"
tls_key = "${this.#file("key.pem")}"
operator_token = "${OPERATOR}"
[socket]
origins = ["https://${HOST}"]
[agents]
file = "agents.toml"
[policy]
regions = ["US"]
[hubspot]
app_id = ${HUBSPOT.app}
portal = ${HUBSPOT.portal}
client_id = "${HUBSPOT.id}"
client_secret = "${HUBSPOT.secret}"
token_keys = "${"0123456789abcdef".repeat(4)}"
api_url = "${this.api}"
wait = "0s"
[provider]
kind = "twilio"
api_url = "${twilio.rest}"
account_sid = "${ACCOUNT.sid}"
auth_token = "${ACCOUNT.token}"
api_key_sid = "${ACCOUNT.key}"
api_key_secret = "${ACCOUNT.secret}"
`;
    this.server = await Gateway.start(this.gateway, { "agents.toml": agents, "cordboard.toml": config });
    this.#stops.push(() => this.server.stop());
  }

  /** Somebody of the account installs the app. */
  async #install() {
    const begun = await fetch(`${this.gateway}/hubspot/install`, { redirect: "manual" });
    const asked = new URL(begun.headers.get("location")).searchParams;
    const { code } = await this.#control("consent", { challenge: asked.get("code_challenge") });
    const back = new URLSearchParams({ code, state: asked.get("state") });
    const cookie = begun.headers.get("set-cookie").split(";")[0];
    const installed = await fetch(`${this.gateway}/hubspot/callback?${back}`, { headers: { cookie } });
    assert.equal(installed.status, 200);
  }

  async #control(path, body) {
    const sent = body && { method: "POST", body: JSON.stringify(body) };
    const answer = await fetch(`${this.hubspot}/control/${path}`, sent);
    assert.ok(answer.ok, `${path}: ${answer.status}`);
    return answer.status === 204 ? undefined : answer.json();
  }

  /** HubSpot's own page makes the record of a call for which the widget asked, as the CRM's page did. */
  logsCall(id, properties) {
    return this.#control("calls", { id: Number(id), properties });
  }

  /** What HubSpot has: the app's settings, and its records of calls. */
  async kept() {
    const { settings, calls } = await this.#control("state");
    return { settings: Object.values(settings)[0], calls };
  }

  /** Builds a release that has its name in its title and at HubSpot. */
  async build(name) {
    const wasm = inRepository(`target/wasm32-unknown-unknown/wasm-release/${APP}.wasm`);
    const files = ["--wasm", wasm, "--page", inRepository("widget/static/index.html"), "--out", this.#file("dist")];
    const options = ["--title", name, "--compress", "--allow-host", "http://localhost:*", "--gateway", this.gateway];
    await promisify(execFile)(binary("cordboard-bundle"), [...files, ...options]);
    await writeFile(
      this.#file("cordboard.toml"),
      `[env.staging]
app_id = ${HUBSPOT.app}
api_url = "${this.api}"
[env.staging.settings]
name = "${name}"
url = "https://${HOST}/"
width = 400
height = 650
isReady = true
[env.staging.publish]
store = "www"
gateway = "${this.gateway}"
resolve = "${this.host}"
# Nothing made this build small.
budget = 2000000
`,
    );
  }

  /** Starts the program that publishes. */
  #publisher(line) {
    const env = { ...process.env, CORDBOARD_HUBSPOT_DEVELOPER_KEY: HUBSPOT.key };
    const child = spawn(binary("cordboard-publish"), line.split(" "), { cwd: this.#folder, env });
    const said = Promise.all([child.stdout, child.stderr].map((stream) => stream.toArray()));
    const ended = once(child, "exit").then(async ([code]) => ({ code, said: (await said).flat().join("") }));
    return { child, ended };
  }

  /** Runs that program, and answers what it said. */
  async run(line) {
    const { code, said } = await this.#publisher(line).ended;
    assert.equal(code, 0, said);
    return said;
  }

  /** Runs it again and again, killed at a later request each time, until it comes to its end. Answers how often it was killed. */
  runKilled(line) {
    return this.#killed(async (reached) => {
      const { child, ended } = this.#publisher(line);
      const end = await Promise.race([ended, reached]);
      if (end) assert.equal(end.code, 0, end.said);
      child.kill("SIGKILL");
      await ended;
      return end;
    });
  }

  /** The same with the gateway: from what begins its work until HubSpot has a record that is as `isTold` wants it. */
  tellsKilled(begin, isTold) {
    let start = begin;
    return this.#killed(async (reached) => {
      await start();
      start = () => this.server.restart();
      let isHeld = false;
      reached.then(() => (isHeld = true));
      const isOver = async () => (await isTold()) && (await this.#untold()).length === 0;
      await until("HubSpot to be told", async () => isHeld || (await isOver()));
      return !isHeld;
    });
  }

  async #killed(attempt) {
    for (let number = 1; ; number += 1) {
      // In turn: what was asked is done, or it is not.
      const end = await attempt(this.#door.holdAt(number, number % 2 === 0));
      this.#door.open();
      if (end) return number - 1;
    }
  }

  /** Calls that HubSpot is still to hear of. */
  async #untold() {
    const answer = await fetch(`${this.gateway}/operator/outbox`, { headers: { authorization: `Bearer ${OPERATOR}` } });
    const { calls } = await answer.json();
    assert.ok(calls.every(({ due_at }) => due_at !== null), JSON.stringify(calls));
    return calls;
  }
}
