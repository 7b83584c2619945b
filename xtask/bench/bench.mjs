// Measures how fast widgets load in HubSpot's own host class: node bench.mjs CHROMIUM HOST_URL RUNS NAME=URL...
// The first widget is the floor, the last the one with a budget. Each load of one is followed by a load of the next, so
// that all meet the same conditions; only ratios within a run mean anything.
import { setTimeout as sleep } from "node:timers/promises";
import { Browser } from "./browser.mjs";

/** Times the floor. */
const BUDGETS = { "SYNC_ACK, cold": 1.6, "SYNC_ACK, warm": 1.4, "first paint, cold": 1.4, "first paint, warm": 1.4 };
/** For the page to come to rest before its figures are read. */
const SETTLE_MS = 500;
/** Loads that fill a browser's caches. */
const WARM_UP = 3;

const [program, host, runs, ...named] = process.argv.slice(2);
const widgets = named.map((text) => {
  const [name, url] = text.split("=");
  return { name, url, samples: Object.fromEntries(Object.keys(BUDGETS).map((figure) => [figure, []])) };
});

async function load(browser, { name, url }) {
  const page = await browser.open(host);
  while (!(await page.evaluate(`document.readyState === "complete" && !!window.embed`).catch(() => false))) await sleep(20);
  await sleep(SETTLE_MS);
  const { syncAck, inserted } = await page.evaluate(`embed(${JSON.stringify(url)})`).catch((cause) => {
    throw new Error(`${name} did not answer`, { cause });
  });
  await sleep(SETTLE_MS);
  const painted = await browser.evaluateInFrame(
    url,
    `performance.timeOrigin + (performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN)`,
  );
  await page.close();
  return [syncAck, painted - inserted];
}

function keep({ samples }, cache, [syncAck, firstPaint]) {
  samples[`SYNC_ACK, ${cache}`].push(syncAck);
  samples[`first paint, ${cache}`].push(firstPaint);
}

async function withBrowser(use) {
  const browser = await Browser.launch(program);
  try {
    return await use(browser);
  } finally {
    await browser.close();
  }
}

for (let run = 0; run < Number(runs); run += 1) {
  for (const widget of widgets) keep(widget, "cold", await withBrowser((browser) => load(browser, widget)));
}
await withBrowser(async (browser) => {
  for (let run = -WARM_UP; run < Number(runs); run += 1) {
    for (const widget of widgets) {
      const figures = await load(browser, widget);
      if (run >= 0) keep(widget, "warm", figures);
    }
  }
});

const median = (samples) => samples.toSorted((a, b) => a - b)[samples.length >> 1];
const [floor] = widgets;
const judged = widgets.at(-1);
let isOver = false;
const rows = Object.entries(BUDGETS).map(([figure, budget]) => {
  const base = median(floor.samples[figure]);
  const row = { figure };
  for (const { name, samples } of widgets) {
    row[name] = `${median(samples[figure]).toFixed(1)} ms, ${(median(samples[figure]) / base).toFixed(2)} x`;
  }
  const holds = median(judged.samples[figure]) / base <= budget;
  isOver ||= !holds;
  return { ...row, budget: `${budget} x`, holds };
});
console.table(rows);
process.exitCode = isOver ? 1 : 0;
