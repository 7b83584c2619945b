// What the user sees while the widget's code is on its way, or does not come.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { openStage } from "./lib/stage.mjs";

const stage = await openStage();
const FAILED = "The phone could not be loaded.";
const SLOW = "Loading the phone. This takes longer than usual.";

/** The widget on a page of its own, whose module meets with `fate`. */
async function loads(t, fate, options) {
  const page = await stage.page(t, { expected: /./, ...options });
  await page.route("**/*.wasm", fate);
  const started = Date.now();
  await page.goto(stage.widget);
  return { page, started };
}

describe("the code", { concurrency: 4 }, () => {
  for (const [name, fate] of [
    ["can't be fetched", (route) => route.abort()],
    ["is not there", (route) => route.fulfill({ status: 404, body: "not found" })],
    ["is not what was built", (route) => route.fulfill({ contentType: "application/wasm", body: "\0asm\x01\0\0\0" })],
  ]) {
    test(`${name}: the user is told, and may retry`, async (t) => {
      const { page } = await loads(t, fate);
      await page.getByRole("alert").getByText(FAILED).waitFor();
      assert.equal(await page.getByText(SLOW).isVisible(), false);
      await page.unroute("**/*.wasm");
      await page.getByRole("link", { name: "retry" }).click();
      await page.getByRole("button", { name: "Call", exact: true }).waitFor();
      assert.equal(await page.getByText(FAILED).count(), 0);
    });
  }

  for (const reducedMotion of ["no-preference", "reduce"]) {
    test(`is slow: the user is told after 3 s (motion: ${reducedMotion})`, async (t) => {
      const { page, started } = await loads(t, () => {}, { reducedMotion });
      assert.equal(await page.getByText(SLOW).isVisible(), false);
      await page.getByText(SLOW).waitFor();
      assert.ok(Date.now() - started >= 2_900);
      assert.equal(await page.getByText(FAILED).isVisible(), false);
    });
  }
});
