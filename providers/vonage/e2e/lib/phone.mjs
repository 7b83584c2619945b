// Pages with media.js and the unmodified client SDK in it, as the app's build made them.
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { inRepository, until } from "../../../../crates/emulator/e2e/emulator.mjs";
import { Pages } from "../../../../crates/emulator/e2e/pages.mjs";
import { settings, token } from "./account.mjs";

const ASSETS = join(process.env.CORDBOARD_DIST ?? inRepository("target/e2e"), "softphone-vonage/assets");
const PAGE = `<!doctype html><title>Phone</title><link rel="icon" href="data:,"><script type="module">
  import { open } from "/script.js";
  window.events = [];
  window.order = open((event, value) => window.events.push([event, value]));
</script>`;

/** Pages with the script in them. */
export class Phones extends Pages {
  static async open() {
    const name = (await readdir(ASSETS)).find((file) => /^media-.*\.js$/.test(file));
    return new Phones(PAGE, await readFile(join(ASSETS, name))).open();
  }

  /** A page that has done nothing yet. */
  async idle(t) {
    const page = await this.page(t);
    await page.waitForFunction(() => window.order);
    return new Phone(page);
  }

  /** A page that can be called, with a token for so long. */
  async phone(t, cloud, user, seconds) {
    const phone = await this.idle(t);
    await phone.start(cloud, token(user, seconds));
    await phone.sees("ready");
    return phone;
  }
}

class Phone {
  constructor(page) {
    this.page = page;
  }

  order(order, value) {
    return this.page.evaluate(([order, value]) => void window.order(order, value), [order, value]);
  }

  start(cloud, accessToken) {
    return this.order("start", { token: accessToken, settings: settings(cloud) });
  }

  /** What `media.js` told so far, or what it told by that event. */
  events(event) {
    return this.page.evaluate((event) => window.events.filter(([name]) => name === event).map(([, value]) => value), event);
  }

  /** Waits for an event. */
  sees(event, times = 1) {
    return until(`${event} in the browser`, async () => {
      const events = await this.events(event);
      return events.length >= times && events;
    });
  }

  async reload() {
    await this.page.reload();
    await this.page.waitForFunction(() => window.order);
  }
}
