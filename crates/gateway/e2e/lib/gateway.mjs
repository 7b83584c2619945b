// The gateway as a program.
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "../../../../widget/e2e/lib/stage.mjs";

/** As `cargo build -p cordboard-gateway` leaves it. */
export const GATEWAY = fileURLToPath(new URL("../../../../target/debug/cordboard-gateway", import.meta.url));

export class Gateway {
  /** What it wrote. */
  log = "";
  #folder;
  #process;

  /** Runs it with these files beside each other, and waits until it can be reached. */
  static async start(url, files) {
    const gateway = new Gateway();
    gateway.#folder = await mkdtemp(join(tmpdir(), "cordboard-"));
    const file = (name) => join(gateway.#folder, name);
    for (const [name, text] of Object.entries(files)) await writeFile(file(name), text);
    const options = { stdio: ["ignore", "pipe", "pipe"] };
    gateway.#process = spawn(GATEWAY, ["--config", file("cordboard.toml")], options);
    for (const stream of [gateway.#process.stdout, gateway.#process.stderr]) {
      stream.on("data", (data) => (gateway.log += data));
    }
    try {
      await until("the gateway", () => fetch(`${url}/ready`).then(({ ok }) => ok, () => false));
    } catch (error) {
      await gateway.stop();
      throw new Error(gateway.log, { cause: error });
    }
    return gateway;
  }

  async stop() {
    this.#process.kill();
    await rm(this.#folder, { recursive: true });
  }
}
