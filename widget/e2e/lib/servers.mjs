// The servers that the browser talks to, each with an origin of its own.
import { randomInt } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { sdkScript } from "./files.mjs";

export const TYPES = { ".html": "text/html; charset=utf-8", ".wasm": "application/wasm" };
export const SDK_VERSIONS = ["0.9.7", "0.1.4"];

/** Listens on a free port; `hostname` is what the browser calls this machine. */
async function listen(hostname, handle) {
  const server = createServer((request, response) => {
    handle(new URL(request.url, "http://server").pathname, response).catch(() => response.writeHead(404).end());
  });
  await new Promise((done, fail) => server.once("error", fail).listen(0, "127.0.0.1", done));
  const close = () => {
    server.closeAllConnections();
    return new Promise((done) => server.close(done));
  };
  return { origin: `http://${hostname}:${server.address().port}`, close };
}

/**
 * A port that nobody listens on. Not one that the system gives to whoever asks for any, which begin at 32,768: that may be somebody else's
 * by the time it is used.
 */
export async function freePort() {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    const server = createServer();
    const isFree = await new Promise((done) => {
      server.once("error", () => done(false)).listen(port, "127.0.0.1", () => done(true));
    });
    if (!isFree) continue;
    await new Promise((done) => server.close(done));
    return port;
  }
}

/** Reads a `_headers` file: a line with a path, then indented lines with the headers for it. */
function parseHeaders(text) {
  const rules = [];
  for (const line of text.split("\n").filter((line) => line.trim())) {
    if (/^\s/.test(line)) {
      const [name, ...value] = line.trim().split(": ");
      rules.at(-1).headers[name] = value.join(": ");
    } else {
      rules.push({ path: line.trim(), headers: {} });
    }
  }
  return rules;
}

const covers = (pattern, path) => pattern === path || (pattern.endsWith("*") && path.startsWith(pattern.slice(0, -1)));

/** What a host that knows such files sends with a path. */
export async function readHeaders(folder) {
  const rules = parseHeaders(await readFile(join(folder, "_headers"), "utf8"));
  return (path) => Object.assign({}, ...rules.filter((rule) => covers(rule.path, path)).map((rule) => rule.headers));
}

/** Serves a bundle as a static host does: with what its `_headers` file says, if the host knows such files. */
export async function serveBundle(folder, { hostname = "127.0.0.1", withHeaders = true } = {}) {
  const headersOf = withHeaders ? await readHeaders(folder) : () => ({});
  return listen(hostname, async (path, response) => {
    const file = path === "/" ? "index.html" : normalize(path);
    const body = await readFile(join(folder, file));
    response.writeHead(200, { "Content-Type": TYPES[extname(file)], ...headersOf(path) }).end(body);
  });
}

const page = (script) => `<!doctype html><html lang="en"><meta charset="utf-8"><title>Host</title>
<link rel="icon" href="data:,"><style>body { margin: 0 } iframe { border: 0; display: block }</style>
<body><div id="widget"></div>${script}</body></html>`;

/** Serves pages that embed a widget: `/` is empty, `/0.9.7` and `/0.1.4` have the official host class. */
export function serveHosts(hostname = "localhost") {
  return listen(hostname, async (path, response) => {
    const version = SDK_VERSIONS.find((version) => path === `/${version}` || path === `/${version}.js`);
    if (path.endsWith(".js") && version) {
      response.writeHead(200, { "Content-Type": "text/javascript" }).end(await readFile(sdkScript(version)));
    } else {
      const script = version ? `<script src="/${version}.js"></script>` : "";
      response.writeHead(200, { "Content-Type": TYPES[".html"] }).end(page(script));
    }
  });
}
