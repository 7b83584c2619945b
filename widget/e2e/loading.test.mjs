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
  await page.addInitScript(notesWhenSlowIsShown, SLOW);
  await page.route("**/*.wasm", fate);
  await page.goto(stage.widget);
  return page;
}

/** By the page's own clock, as a busy machine may show us a page long after it was loaded. */
function notesWhenSlowIsShown(text) {
  const look = () => {
    const slow = document.querySelector(".boot-waiting");
    const isShown = slow?.textContent === text && slow.checkVisibility({ opacityProperty: true, visibilityProperty: true });
    if (isShown) window.slowAt = performance.now();
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

describe("the code", { concurrency: 4 }, () => {
  for (const [name, fate] of [
    ["can't be fetched", (route) => route.abort()],
    ["is not there", (route) => route.fulfill({ status: 404, body: "not found" })],
    ["is not what was built", (route) => route.fulfill({ contentType: "application/wasm", body: "\0asm\x01\0\0\0" })],
  ]) {
    test(`${name}: the user is told, and may retry`, async (t) => {
      const page = await loads(t, fate);
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
      const page = await loads(t, () => {}, { reducedMotion });
      await page.getByText(SLOW).waitFor();
      const slowAt = await (await page.waitForFunction(() => window.slowAt)).jsonValue();
      assert.ok(slowAt >= 2_900 && slowAt < 30_000, `after ${slowAt} ms`);
      assert.equal(await page.getByText(FAILED).isVisible(), false);
    });
  }
});
