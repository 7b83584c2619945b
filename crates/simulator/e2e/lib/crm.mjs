// The CRM simulator as its users meet it, with the softphone in it.
import { SIMULATOR } from "../../../../widget/e2e/lib/files.mjs";
import { serveBundle } from "../../../../widget/e2e/lib/servers.mjs";
import { openStage } from "../../../../widget/e2e/lib/stage.mjs";
import { Widget } from "../../../../widget/e2e/lib/widget.mjs";

export const stage = await openStage();
const origin = await stage.serve(serveBundle(SIMULATOR, { hostname: "localhost" }));

export class Crm {
  constructor(page) {
    this.page = page;
    this.widget = new Widget(page);
  }

  /** Opens the CRM and waits until calls can be made. */
  static async open(t, { query = `widget=${stage.widget}/`, clock = false, ...options } = {}) {
    const page = await stage.page(t, { viewport: { width: 1280, height: 900 }, ...options });
    if (clock) await page.clock.install();
    await page.goto(`${origin}/?${query}`);
    const crm = new Crm(page);
    if (query.includes("widget=")) await crm.shows("Available");
    return crm;
  }

  button(name) {
    return this.page.getByRole("button", { name, exact: true });
  }

  /** Waits until the badge in the top bar says this. */
  async shows(state) {
    await this.page.locator("#availability").getByText(state, { exact: true }).waitFor();
  }

  async openRecord(name) {
    await this.button(name).click();
    await this.page.getByRole("heading", { name, level: 1 }).waitFor();
  }

  /** The newest call on the timeline of the open record, once it stands like this. */
  async entry(status) {
    const entry = this.page.getByRole("article").first();
    await entry.getByText(status, { exact: true }).waitFor();
    return entry;
  }

  /** Changes something in the settings' drawer. */
  async set(change) {
    await this.button("Settings").click();
    await change(this.page.getByRole("dialog", { name: "Settings" }));
    const close = this.button("Close settings");
    if (await close.isVisible()) await close.click();
  }

  async sees(text) {
    await this.page.getByText(text).first().waitFor();
  }
}
