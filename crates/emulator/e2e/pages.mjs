// A browser with a microphone that beeps, and a server for the pages of a test.
import { createServer } from "node:http";
import { launch } from "./office.mjs";

export class Pages {
  #html;
  #script;
  #server;
  #browser;

  /** Every page is `html`, which finds `script` at /script.js. */
  constructor(html, script) {
    this.#html = html;
    this.#script = script;
  }

  async open() {
    this.#server = createServer((request, response) => {
      const isScript = request.url === "/script.js";
      response
        .writeHead(200, { "Content-Type": isScript ? "text/javascript" : "text/html" })
        .end(isScript ? this.#script : this.#html);
    });
    await new Promise((done) => this.#server.listen(0, "127.0.0.1", done));
    this.#browser = await launch();
    return this;
  }

  async close() {
    await this.#browser.close();
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  /** A page for as long as a test lasts. */
  async page(t) {
    const page = await this.#browser.newPage();
    t.after(() => page.close());
    await page.goto(`http://127.0.0.1:${this.#server.address().port}/`);
    return page;
  }
}
