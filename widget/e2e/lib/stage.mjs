// What the tests of a file share: a browser, the servers, and what was written to the console.
import assert from "node:assert/strict";
import { after } from "node:test";
import { chromium } from "playwright-core";
import { SOFTPHONE } from "./files.mjs";
import { serveBundle, serveHosts } from "./servers.mjs";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-sync",
  // Contexts are like incognito windows, which deny a frame of another site its storage; usual windows do not.
  "--disable-features=AlwaysBlock3pcsIncognito",
];
/** Long enough for a busy machine: only a test that fails waits for it. */
const TIMEOUT = 60_000;

/** The name of an asset, which has digits of its own. */
const ASSET = /app-[0-9a-f]{16}/g;
/** What may never reach the console: numbers, and the names and notes that the tests use. */
const PERSONAL = /\d{7,}|Alex|Blake|Maria|Alvarez|Northwind|Secret/;

/** Opens the browser for the tests of a file, and looks at the console when they are over. */
export async function openStage() {
  const [browser, widget, hosts] = await Promise.all([
    chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS }),
    serveBundle(SOFTPHONE),
    serveHosts(),
  ]);
  const stage = new Stage(browser, widget, hosts);
  after(() => stage.close());
  return stage;
}

class Stage {
  #browser;
  #servers;
  #console = [];

  constructor(browser, widget, hosts) {
    this.#browser = browser;
    this.#servers = [widget, hosts];
    /** Where the widget is served from, and where pages that may embed it are. */
    this.widget = widget.origin;
    this.hosts = hosts.origin;
  }

  /** Another server, for the time of the file's tests. */
  async serve(server) {
    this.#servers.push(await server);
    return (await server).origin;
  }

  /**
   * A page of its own: nothing is shared with the pages of other tests. The test fails if a script throws that is not
   * `expected` to.
   */
  async page(t, { expected, ...options } = {}) {
    const context = await this.#browser.newContext({ viewport: { width: 1000, height: 950 }, ...options });
    context.setDefaultTimeout(TIMEOUT);
    const errors = [];
    const page = await context.newPage();
    page.on("console", (message) => this.#console.push({ text: message.text(), url: message.location().url }));
    page.on("pageerror", (error) => errors.push(String(error)));
    page.on("dialog", (dialog) => dialog.accept());
    t.after(async () => {
      await context.close();
      assert.deepEqual(
        errors.filter((error) => !expected?.test(error)),
        [],
        "uncaught errors",
      );
    });
    return page;
  }

  async close() {
    await this.#browser.close();
    await Promise.all(this.#servers.map((server) => server.close()));
    const mine = this.#console.filter(({ url }) => !url.startsWith(this.hosts));
    assert.deepEqual(
      mine.filter(({ text }) => PERSONAL.test(text.replaceAll(ASSET, ""))),
      [],
      "personal data in the console",
    );
    const violations = this.#console.filter(
      ({ text }) => /Content Security Policy/.test(text) && !/frame-ancestors/.test(text),
    );
    assert.deepEqual(violations, [], "violations of the content security policy");
  }
}

/** Waits until `read` answers something true, and answers that. */
export async function until(what, read) {
  const deadline = Date.now() + TIMEOUT;
  for (;;) {
    const found = await read();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise((done) => setTimeout(done, 20));
  }
}
