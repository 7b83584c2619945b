// Tries the handshake between a bundle and HubSpot's own host class: an order on standard input, as check/handshake.rs writes it.
// Nothing is asked of the network: the browser is given the bundle's files with their headers as if they came from the widget's
// address, and a page of HubSpot's as if it came from HubSpot. So origins, policies and the list of allowed hosts are the real ones.
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const HOST = "https://app.hubspot.com/";
const SDK = fileURLToPath(new URL("../../node_modules/sdk-0.9.7/dist/main.js", import.meta.url));
const TIMEOUT_MS = 10_000;
const PAGE = `<!doctype html><meta charset="utf-8"><title>Host</title><link rel="icon" href="data:,"><div id="widget"></div>
<script src="/sdk.js"></script>`;

const order = JSON.parse(await text(process.stdin));
const browser = await chromium.launch({
  executablePath: order.chromium,
  args: ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic"],
});
const said = [];

async function answer(route) {
  const url = route.request().url();
  const file = order.files[url];
  if (url === HOST) await route.fulfill({ contentType: "text/html", body: PAGE });
  else if (url === `${HOST}sdk.js`) await route.fulfill({ contentType: "text/javascript", body: await readFile(SDK) });
  else if (file) await route.fulfill({ status: 200, headers: file.headers, body: await readFile(file.path) });
  else await route.abort();
}

/** Runs in the page: ends when the widget answers. */
function embed({ src, timeout }) {
  return new Promise((done, fail) => {
    setTimeout(() => fail(new Error("the widget does not answer SYNC")), timeout);
    addEventListener("message", ({ data, origin, source }) => {
      if (source !== window.manager.iFrame.contentWindow || data.type !== "SYNC_ACK") return;
      if (origin === new URL(src).origin) done();
      else fail(new Error(`the widget answers from ${origin}`));
    });
    window.manager = new window.IFrameManager({
      iFrameOptions: { src, width: "400px", height: "650px", hostElementSelector: "#widget" },
      onMessageHandler() {},
      debugMode: false,
    });
  });
}

try {
  const page = await (await browser.newContext({ serviceWorkers: "block" })).newPage();
  await page.route("**/*", answer);
  page.on("console", (message) => message.type() === "error" && said.push(message.text().slice(0, 300)));
  page.on("pageerror", (error) => said.push(error.message.slice(0, 300)));
  await page.goto(HOST);
  await page.evaluate(embed, { src: order.url, timeout: TIMEOUT_MS });
} catch (error) {
  console.log([error.message.split("\n")[0], ...said].join("; "));
  process.exitCode = 1;
} finally {
  await browser.close();
}
