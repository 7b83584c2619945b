// An emulator as a process, and what tests ask of it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const inRepository = (path) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
/** A program as `cargo build` leaves it. */
export const binary = (name) => inRepository(`target/debug/${name}`);

/** Long enough for a busy machine: only a test that fails waits for it. */
export const TIMEOUT = 60_000;

/** Waits until `read` answers something true, and answers that. */
export async function until(what, read) {
  const deadline = Date.now() + TIMEOUT;
  let last;
  for (;;) {
    const found = await read();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`, { cause: last });
    last = found;
    await new Promise((done) => setTimeout(done, 20));
  }
}

/** Of `numbers.rs` in every emulator. */
export const NUMBERS = { own: "+16175550190", answers: "+16175550100" };

export class Emulator {
  #process;

  /** `readLeg` makes of a provider's leg one with `id`, `isAgent` and `talks`. */
  constructor(name, readLeg) {
    this.name = name;
    this.readLeg = readLeg;
  }

  /** Runs it for an account whose server is there. */
  async run(webhooks) {
    const program = binary(`cordboard-${this.name}-emulator`);
    this.#process = spawn(program, ["--webhooks-base", webhooks], { stdio: ["ignore", "pipe", "inherit"] });
    const lines = createInterface({ input: this.#process.stdout });
    const line = await new Promise((done, fail) => {
      lines.once("line", done);
      this.#process.once("error", fail);
      this.#process.once("exit", (code) => fail(new Error(`the emulator ended with ${code}`)));
    });
    Object.assign(this, JSON.parse(line));
  }

  stop() {
    this.#process.removeAllListeners("exit");
    this.#process.kill();
  }

  async control(method, path, body) {
    const sent = body && { body: JSON.stringify(body) };
    const response = await fetch(`${this.rest}/control/${path}`, { method, ...sent });
    assert.ok(response.ok, `${method} ${path}: ${response.status}`);
    return response.status === 204 ? undefined : response.json();
  }

  async legs() {
    return (await this.control("GET", "legs")).map((leg) => ({ ...leg, ...this.readLeg(leg) }));
  }

  async leg(id) {
    return (await this.legs()).find((leg) => leg.id === id);
  }

  /** Waits until a leg is as `is` wants it, and answers that leg. */
  legIs(id, what, is) {
    return until(`a leg that ${what}`, async () => {
      const leg = await this.leg(id);
      return leg && is(leg) && leg;
    });
  }

  /** How much passes one way until 25 more packets, half a second, went by: how many of them can be heard. */
  async heard(id, way) {
    const before = (await this.leg(id)).audio[way];
    const goesOn = ({ audio }) => audio[way].packets >= before.packets + 25;
    const after = (await this.legIs(id, `goes on ${way}`, goesOn)).audio[way];
    return { packets: after.packets - before.packets, loud: after.loud - before.loud, level: after.level };
  }
}
