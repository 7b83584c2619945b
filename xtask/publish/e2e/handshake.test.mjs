// What the program says of the handshake, before it asks anybody else: HubSpot is at a port where nobody listens.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { SOFTPHONE } from "../../../widget/e2e/lib/files.mjs";
import { freePort } from "../../../widget/e2e/lib/servers.mjs";

const PROGRAM = fileURLToPath(new URL("../../../target/debug/cordboard-publish", import.meta.url));

/** Publishes the softphone after `change`, and returns what is said of it. */
async function publish(t, change = async () => {}) {
  const folder = await mkdtemp(join(tmpdir(), "cordboard-publish-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await cp(SOFTPHONE, join(folder, "dist"), { recursive: true });
  await change(join(folder, "dist"));
  await writeFile(
    join(folder, "cordboard.toml"),
    `[env.test]
app_id = 1
api_url = "http://127.0.0.1:${await freePort()}"
[env.test.settings]
name = "Test"
url = "https://widget.example.com/phone/"
width = 400
height = 650
[env.test.publish]
store = "."
`,
  );
  const env = { ...process.env, CORDBOARD_HUBSPOT_DEVELOPER_KEY: "not-a-secret-key" };
  const line = ["publish", "--env", "test", "--dir", "dist", "--dry-run"];
  return new Promise((done) => {
    execFile(PROGRAM, line, { cwd: folder, env }, (error, stdout, stderr) => done({ code: error?.code, said: stderr }));
  });
}

test("a release answers HubSpot's own host class", async (t) => {
  const { said } = await publish(t);
  assert.match(said, /^ {2}ok +handshake$/m);
});

test("a page that HubSpot does not frame, or without its code, is not published", async (t) => {
  const breaks = {
    "the widget does not answer SYNC": async (dist) => {
      const page = await readFile(join(dist, "index.html"), "utf8");
      await writeFile(join(dist, "index.html"), page.replaceAll("app.hubspot.com", "app.example.com"));
    },
    ".wasm": async (dist) => {
      const [module] = (await readdir(join(dist, "assets"))).filter((name) => name.endsWith(".wasm"));
      await writeFile(join(dist, "assets", module), "not what was built");
    },
  };
  await Promise.all(
    Object.entries(breaks).map(async ([because, change]) => {
      const { code, said } = await publish(t, change);
      assert.equal(code, 2, said);
      assert.ok(/^ {2}FAILED +handshake: /m.test(said) && said.includes(because), said);
    }),
  );
});
