// Chromium by its own protocol, over a pipe. Drivers pause each frame at its birth, which would be measured with it.
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const FLAGS = [
  "--headless=new",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // The widget gets a process of its own, as a CRM's page gives it.
  "--site-per-process",
  "--remote-debugging-pipe",
];

export class Browser {
  #process;
  #profile;
  #pending = new Map();
  #received = "";

  /** A browser with an empty cache. */
  static async launch(program) {
    const browser = new Browser();
    browser.#profile = await mkdtemp(join(tmpdir(), "cordboard-bench-"));
    browser.#process = spawn(program, [...FLAGS, `--user-data-dir=${browser.#profile}`, "about:blank"], {
      stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
    });
    browser.#process.stdio[4].setEncoding("utf8").on("data", (text) => browser.#receive(text));
    return browser;
  }

  #receive(text) {
    const messages = (this.#received + text).split("\0");
    this.#received = messages.pop();
    for (const { id, result, error } of messages.map((message) => JSON.parse(message))) {
      const { done, fail } = this.#pending.get(id) ?? {};
      this.#pending.delete(id);
      if (error) fail?.(new Error(error.message));
      else done?.(result);
    }
  }

  #send(method, params = {}, sessionId = undefined) {
    const id = this.#pending.size === 0 ? 1 : Math.max(...this.#pending.keys()) + 1;
    return new Promise((done, fail) => {
      this.#pending.set(id, { done, fail });
      this.#process.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
  }

  /** Opens a page; what it returns evaluates expressions there. */
  async open(url) {
    const { targetId } = await this.#send("Target.createTarget", { url });
    return { evaluate: await this.#attach(targetId), close: () => this.#send("Target.closeTarget", { targetId }) };
  }

  /** Evaluates an expression in the frame whose address starts so. */
  async evaluateInFrame(url, expression) {
    const { targetInfos } = await this.#send("Target.getTargets");
    const frame = targetInfos.find((target) => target.type === "iframe" && target.url.startsWith(url));
    if (!frame) throw new Error(`${url} is not in a process of its own`);
    return (await this.#attach(frame.targetId))(expression);
  }

  async #attach(targetId) {
    const { sessionId } = await this.#send("Target.attachToTarget", { targetId, flatten: true });
    return async (expression) => {
      const { result, exceptionDetails } = await this.#send(
        "Runtime.evaluate",
        { expression, awaitPromise: true, returnByValue: true },
        sessionId,
      );
      if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
      return result.value;
    };
  }

  async close() {
    const gone = new Promise((done) => this.#process.once("exit", done));
    await this.#send("Browser.close");
    await gone;
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}
