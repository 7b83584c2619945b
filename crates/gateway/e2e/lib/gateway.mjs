// The gateway as a program.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "../../../../widget/e2e/lib/stage.mjs";

/** As `cargo build -p cordboard-gateway` leaves it. */
const GATEWAY = fileURLToPath(new URL("../../../../target/debug/cordboard-gateway", import.meta.url));

/** The hash of a password, as the gateway makes it. */
export async function hashed(password) {
  const child = spawn(GATEWAY, ["hash-password"], { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.end(password);
  return Buffer.concat(await child.stdout.toArray()).toString().trim();
}

export class Gateway {
  /** What it wrote. */
  log = "";
  #folder;
  #process;
  #url;

  /** Runs it with these files beside each other, and waits until it can be reached. */
  static async start(url, files) {
    const gateway = new Gateway();
    gateway.#folder = await mkdtemp(join(tmpdir(), "cordboard-"));
    const file = (name) => join(gateway.#folder, name);
    for (const [name, text] of Object.entries(files)) await writeFile(file(name), text);
    gateway.#url = url;
    await gateway.#run();
    return gateway;
  }

  async #run() {
    const options = { stdio: ["ignore", "pipe", "pipe"] };
    this.#process = spawn(GATEWAY, ["--config", join(this.#folder, "cordboard.toml")], options);
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream.on("data", (data) => (this.log += data));
    }
    try {
      await until("the gateway", () => fetch(`${this.#url}/ready`).then(({ ok }) => ok, () => false));
    } catch (error) {
      await this.stop();
      throw new Error(this.log, { cause: error });
    }
  }

  /** Kills it, without a word of warning, and starts it again. */
  async restart() {
    const ended = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await ended;
    await this.#run();
  }

  async stop() {
    this.#process.kill();
    await rm(this.#folder, { recursive: true });
  }
}
