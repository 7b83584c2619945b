// Looks at a screen as axe and as a photographer do.
import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { SCREENSHOTS } from "./files.mjs";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"];

/** No rule is broken in a frame. */
export async function assertAccessible(frame, where) {
  if (!(await frame.evaluate(() => "axe" in window))) await frame.evaluate(AXE);
  const violations = await frame.evaluate(async (values) => {
    const { violations } = await window.axe.run(document, {
      runOnly: { type: "tag", values },
      resultTypes: ["violations"],
      iframes: false,
    });
    return violations.map(({ id, nodes }) => ({
      id,
      nodes: nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`),
    }));
  }, RULES);
  assert.deepEqual(violations, [], where);
}

/** Nothing of a frame's page lies beyond its right or left edge, and nothing has to be scrolled sideways. */
export async function assertFits(frame, where) {
  const wide = await frame.evaluate(() => {
    const scrolls = (element) => /auto|scroll/.test(getComputedStyle(element).overflowX) && !element.matches("pre");
    return [document.documentElement, ...document.querySelectorAll("body *")]
      .filter(
        (element) =>
          (element === document.documentElement || scrolls(element)) && element.scrollWidth > element.clientWidth,
      )
      .map((element) => element.outerHTML.slice(0, 200));
  });
  assert.deepEqual(wide, [], where);
}

/** Checks a screen in both themes, and keeps a picture of each, of `shot`: a page or an element. */
export async function audit(page, frame, shot, name) {
  await mkdir(SCREENSHOTS, { recursive: true });
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    await assertAccessible(frame, `${name}, ${colorScheme}`);
    await shot.screenshot({ path: `${SCREENSHOTS}/${name}.${colorScheme}.png` });
  }
}
