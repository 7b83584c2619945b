// A whole office: the CRM, the gateway that runs a provider, and an emulator in its place, each a process of its own.
import { join } from "node:path";
import { chromium } from "playwright-core";
import { Gateway, hashed } from "../../gateway/e2e/lib/gateway.mjs";
import { freePort, serveBundle } from "../../../widget/e2e/lib/servers.mjs";
import { SIMULATOR } from "../../../widget/e2e/lib/files.mjs";
import { Emulator, TIMEOUT, inRepository, until } from "./emulator.mjs";

const DIST = process.env.CORDBOARD_DIST ?? inRepository("target/e2e");

/** Emulators' certificates are their own; the microphone beeps once a second, and is heard without a click. */
export const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-sync",
  "--ignore-certificate-errors",
  "--use-fake-device-for-media-stream",
  "--use-fake-ui-for-media-stream",
  "--autoplay-policy=no-user-gesture-required",
  "--disable-features=WebRtcHideLocalIpsWithMdns,AlwaysBlock3pcsIncognito",
];
/** What may never be written anywhere. A number of London is looked for with its 20: four digits alone are in some time of day. */
const PERSONAL = /617-?555|20 ?7946|Alex|Maria|Alvarez|demo-password|eyJ/;
const PASSWORD = "demo-password";

/** A browser, `without` some of those flags. */
export const launch = (without = []) => {
  const args = FLAGS.filter((flag) => !without.includes(flag));
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args });
};

export class Office {
  #stops = [];
  console = [];

  /** `provider` has a `name`, `readLeg` for its emulator, and `keys`: what the gateway must know of it, as TOML. */
  static async open(provider, { without } = {}) {
    const office = new this();
    try {
      await office.#start(provider, without);
    } catch (error) {
      // A program that is left running would keep the tests from ending.
      await office.close();
      throw error;
    }
    return office;
  }

  async #start({ name, readLeg, keys }, without) {
    const port = await freePort();
    this.gateway = `http://127.0.0.1:${port}`;
    const crm = await serveBundle(SIMULATOR, { hostname: "localhost" });
    this.#stops.push(() => crm.close());
    this.crm = crm.origin;
    this.emulator = new Emulator(name, readLeg);
    await this.emulator.run(this.gateway);
    this.#stops.push(() => this.emulator.stop());
    const hash = await hashed(PASSWORD);
    const agents = `[[agents]]\nid = "alex"\nname = "Alex Demo"\npassword = "${hash}"\n`;
    const config = `
[server]
listen = "127.0.0.1:${port}"
public_url = "${this.gateway}"
[widget]
folder = ${JSON.stringify(join(DIST, `softphone-${name}`))}
frame_ancestors = ["${this.crm}"]
[agents]
file = "agents.toml"
[policy]
regions = ["US"]
calls_at_once = 2
[provider]
kind = "${name}"
api_url = "${this.emulator.rest}"
${keys(this.emulator)}
`;
    const gateway = await Gateway.start(this.gateway, { "agents.toml": agents, "cordboard.toml": config });
    this.#stops.push(() => gateway.stop());
    this.log = () => gateway.log;
    this.browser = await launch(without);
    this.#stops.push(() => this.browser.close());
  }

  async close() {
    for (const stop of this.#stops.reverse()) await stop();
  }

  /** A CRM page in which the agent is signed in and can be heard. */
  async desk(t) {
    const desk = await this.silentDesk(t);
    await this.registered();
    return desk;
  }

  /** The same whether the agent can be heard or not, with a page that `prepare` has seen to before it loads. */
  async silentDesk(t, { permissions = ["microphone"], prepare } = {}) {
    const context = await this.browser.newContext({
      viewport: { width: 1280, height: 900 },
      ignoreHTTPSErrors: true,
      permissions,
    });
    t.after(() => context.close());
    const page = await context.newPage();
    page.setDefaultTimeout(TIMEOUT);
    page.on("console", (message) => this.console.push(message.text()));
    await prepare?.(page);
    await page.goto(`${this.crm}/?widget=${this.gateway}/`);
    const widget = page.frameLocator("#hubspot-calling-extension-iframe");
    await widget.locator("#name").fill("alex");
    await widget.locator("#password").fill(PASSWORD);
    await widget.getByRole("button", { name: "Sign in" }).click();
    await widget.getByText("Recent calls").waitFor();
    return { page, widget };
  }

  /** Waits until the agent's page can be called. */
  registered() {
    return until("a page that can be called", async () =>
      (await this.emulator.control("GET", "clients")).includes("alex"),
    );
  }

  /** The legs that talk: the agents' and the others'. */
  async legs() {
    const talking = (await this.emulator.legs()).filter(({ talks }) => talks);
    return [talking.filter(({ isAgent }) => isAgent), talking.filter(({ isAgent }) => !isAgent)];
  }

  /**
   * Waits until the agent's only leg is a browser's, and so many packets of sound, 20 ms each, pass it both ways from now on. A leg
   * of the page before may still be there at first.
   */
  async heardBothWays(packets = 20) {
    let since;
    return until("an agent's leg in the page that is heard both ways", async () => {
      const [[leg, ...more]] = await this.legs();
      if (!leg?.is_browser || more.length > 0) return false;
      if (since?.id !== leg.id) since = leg;
      const [now, then] = [leg.audio, since.audio];
      return now.to.loud > then.to.loud + packets && now.from.packets > then.from.packets + packets && since;
    });
  }

  /** What must not have been written anywhere. */
  leaks() {
    return [...this.console, this.log()].filter((text) => PERSONAL.test(text));
  }
}
