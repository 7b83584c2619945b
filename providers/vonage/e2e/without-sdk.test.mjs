// The app as whoever has not installed Vonage's client SDK builds it.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { build } from "esbuild";
import { inRepository } from "../../../crates/emulator/e2e/emulator.mjs";
import { Office } from "../../../crates/emulator/e2e/office.mjs";
import { VONAGE } from "./lib/account.mjs";

const office = await Office.open(VONAGE);
after(() => office.close());

/** What the build makes of media.js then: an import that no browser can follow. */
async function withoutSdk() {
  const { outputFiles, warnings } = await build({
    entryPoints: [inRepository("providers/vonage/web/media.js")],
    bundle: true,
    external: ["@vonage/client-sdk"],
    format: "esm",
    write: false,
  });
  assert.deepEqual(warnings, []);
  return outputFiles[0].text;
}

test("a phone that was built without the voice SDK says what to install, and leaves no call behind", async (t) => {
  const body = await withoutSdk();
  const { page, widget } = await office.silentDesk(t, {
    prepare: (page) =>
      page.route("**/assets/media-*.js", (route) => route.fulfill({ contentType: "text/javascript", body })),
  });
  await widget.getByText("this phone was built without @vonage/client-sdk").waitFor();
  assert.deepEqual(await office.emulator.control("GET", "clients"), []);
  await page.getByRole("button", { name: "Call Maria Alvarez, +1 617-555-0100", exact: true }).click();
  await widget.getByText("The phone service failed", { exact: true }).first().waitFor();
  await widget.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByText("Call logged on the timeline.").first().waitFor();
  assert.deepEqual((await office.legs()).flat(), []);
});
