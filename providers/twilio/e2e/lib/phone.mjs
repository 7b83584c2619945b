// Pages with the unmodified voice SDK.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { until } from "../../../../crates/emulator/e2e/emulator.mjs";
import { Pages } from "../../../../crates/emulator/e2e/pages.mjs";
import { token } from "./emulator.mjs";

/** The bundle for script elements; the package exports only its modules. */
const SDK = fileURLToPath(new URL("../../../../node_modules/@twilio/voice-sdk/dist/twilio.min.js", import.meta.url));
const PAGE = '<!doctype html><title>Phone</title><link rel="icon" href="data:,"><script src="/script.js"></script>';
/** Pages with the SDK in them. */
export class Phones extends Pages {
  static async open() {
    return new Phones(PAGE, await readFile(SDK)).open();
  }

  /** A page whose `Device` connects to the emulator. `calls` take what comes in, unless `takes` is false. */
  async phone(t, emulator, identity, { takes = true, accessToken = token(identity) } = {}) {
    const page = await this.page(t);
    await page.evaluate(
      ([accessToken, chunderw, takes]) => {
        const silence = "data:audio/wav;base64,UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=";
        const names = ["incoming", "outgoing", "disconnect", ...[..."0123456789sh"].map((key) => `dtmf${key}`)];
        window.events = [];
        window.device = new window.Twilio.Device(accessToken, {
          chunderw,
          publishEvents: false,
          allowIncomingWhileBusy: true,
          logLevel: "silent",
          sounds: Object.fromEntries(names.map((name) => [name, silence])),
        });
        window.follow = (call) => {
          window.call = call;
          call.on("sample", ({ totals }) => (window.totals = totals));
          for (const event of ["accept", "ringing", "cancel", "disconnect", "reject", "reconnecting"]) {
            call.on(event, () => window.events.push(event));
          }
          call.on("error", (error) => window.events.push(`call error ${error.code}`));
        };
        window.device.on("registered", () => window.events.push("registered"));
        window.device.on("unregistered", () => window.events.push("unregistered"));
        window.device.on("error", (error) => window.events.push(`error ${error.code}`));
        window.device.on("incoming", (call) => {
          window.events.push("incoming");
          window.follow(call);
          if (takes) call.accept();
        });
      },
      [accessToken, emulator.signal, takes],
    );
    return new Phone(page);
  }
}

class Phone {
  constructor(page) {
    this.page = page;
  }

  /** Waits for an event of the SDK. */
  sees(event) {
    return until(`${event} in the browser`, async () => (await this.events()).includes(event));
  }

  events() {
    return this.page.evaluate(() => window.events);
  }

  async register() {
    await this.page.evaluate(() => window.device.register());
  }

  /** What the SDK itself counts of the call's RTP, once a second; waits for the first count. */
  async counts() {
    return await until("the SDK's first count", () => this.page.evaluate(() => window.totals));
  }
}
