// A company: its CRM, a gateway over the mock network, and the identity provider of its people.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { SIMULATOR } from "../../../../widget/e2e/lib/files.mjs";
import { freePort, serveBundle, serveHosts } from "../../../../widget/e2e/lib/servers.mjs";
import { Gateway } from "./gateway.mjs";
import { IdentityProvider } from "./identity.mjs";

const inRepository = (path) => fileURLToPath(new URL(`../../../../${path}`, import.meta.url));
const DIST = process.env.CORDBOARD_DIST ?? inRepository("target/e2e");
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync", "--disable-features=AlwaysBlock3pcsIncognito"];
/** What may never be written anywhere: who it is, and anything that lets somebody in. */
const PERSONAL = /Alex|Maria|617-?555|248289761001|eyJ|[0-9a-f]{64}/;

export class Company {
  #stops = [];
  #console = [];
  #log;

  static async open() {
    const company = new Company();
    await company.#start();
    return company;
  }

  async #start() {
    const port = await freePort();
    this.gateway = `http://127.0.0.1:${port}`;
    const crm = await serveBundle(SIMULATOR, { hostname: "localhost" });
    const strangers = await serveHosts();
    this.identity = await IdentityProvider.start();
    this.#stops.push(() => crm.close(), () => strangers.close(), () => this.identity.close());
    [this.crm, this.strangers] = [crm.origin, strangers.origin];
    const agents = '[[agents]]\nid = "alex"\nname = "Alex Demo"\nidentity = "248289761001"\n';
    const config = `
[server]
listen = "127.0.0.1:${port}"
public_url = "${this.gateway}"
[widget]
folder = ${JSON.stringify(join(DIST, "softphone-gateway"))}
frame_ancestors = ["${this.crm}"]
[agents]
file = "agents.toml"
[oidc]
issuer = "${this.identity.issuer}"
client_id = "cordboard"
[policy]
regions = ["US"]
[provider]
kind = "mock"
`;
    const gateway = await Gateway.start(this.gateway, { "agents.toml": agents, "cordboard.toml": config });
    this.#stops.push(() => gateway.stop());
    this.#log = () => gateway.log;
    this.browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
    this.#stops.push(() => this.browser.close());
  }

  async close() {
    for (const stop of this.#stops.reverse()) await stop();
  }

  async page(t, url) {
    const context = await this.browser.newContext({ viewport: { width: 1280, height: 900 } });
    t.after(() => context.close());
    context.setDefaultTimeout(60_000);
    context.on("console", (message) => this.#console.push(message.text()));
    const page = await context.newPage();
    await page.goto(url);
    return page;
  }

  /** A CRM page whose widget asks somebody to sign in. */
  async desk(t) {
    const page = await this.page(t, `${this.crm}/?widget=${this.gateway}/`);
    const widget = page.frameLocator("#hubspot-calling-extension-iframe");
    const button = widget.getByRole("button", { name: "Sign in", exact: true });
    await button.waitFor();
    return {
      page,
      widget,
      button,
      sees: (text) => widget.getByText(text).first().waitFor(),
      /** Presses the button, and gives the window that it opens. */
      async window() {
        const [popup] = await Promise.all([page.waitForEvent("popup"), button.click()]);
        return popup;
      },
    };
  }

  /** What must not have been written to the console and the gateway's log. */
  leaks() {
    return [...this.#console, this.#log()].filter((text) => PERSONAL.test(text));
  }
}

/** Presses a link of the provider's page, which leads to the end of the window. */
export async function leaves(popup, link) {
  const closed = popup.waitForEvent("close");
  await popup.getByRole("link", { name: link }).click();
  await closed;
}
