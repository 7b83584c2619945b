// The widget as its users meet it: by roles and names.

/** The id that HubSpot gives the frame, and the official SDK. */
const FRAME = "#hubspot-calling-extension-iframe";

export class Widget {
  constructor(page) {
    this.page = page;
    this.ui = page.frameLocator(FRAME);
  }

  /** The widget's frame, to run code in. */
  async frame() {
    const element = await this.page.waitForSelector(FRAME);
    return element.contentFrame();
  }

  button(name, options) {
    return this.ui.getByRole("button", { name, exact: true, ...options });
  }

  heading(name) {
    return this.ui.getByRole("heading", { name, exact: true });
  }

  text(text) {
    return this.ui.getByText(text);
  }

  get number() {
    return this.ui.getByRole("textbox", { name: "Number" });
  }

  get notes() {
    return this.ui.getByRole("textbox", { name: "Notes" });
  }

  /** Calls a number as a user does who types it. */
  async dial(number) {
    await this.number.fill(number);
    await this.button("Call").click();
  }

  /** Ends the call, or takes it back while the far end is called. */
  async hangUp() {
    await this.ui.getByRole("button", { name: /^(Hang up|Cancel), / }).click();
  }

  /** Lets somebody call, as the mock network takes it from the part of the address behind `#`. */
  async ring(number) {
    await (
      await this.frame()
    ).evaluate((number) => {
      location.hash = `incoming=${encodeURIComponent(number)}&n=${Math.random()}`;
    }, number);
  }

  async sees(text) {
    await this.text(text).first().waitFor();
  }

  /** Waits until the call stands like this. */
  async reaches(state) {
    await this.ui.getByRole("region", { name: "Call", exact: true }).getByText(state, { exact: true }).waitFor();
  }

  async isReady() {
    await this.button("Call").waitFor();
  }
}
