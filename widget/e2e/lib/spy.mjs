// Watches what passes between windows, without the widget's knowledge.
import { until } from "./stage.mjs";

/** From now on every frame of the page keeps what it hears, and the widget's frame where it posts. */
export async function spyOn(page) {
  await page.addInitScript(() => {
    window.heard = [];
    addEventListener("message", (event) => window.heard.push(event.data));

    // `postMessage` of a window of another origin can't be replaced, but what the module is given as the window can.
    window.posts = [];
    const watched = (target) => ({
      postMessage(message, origin) {
        window.posts.push({ origin, type: message.type });
        target.postMessage(message, origin);
      },
    });
    const instantiate = WebAssembly.instantiate;
    WebAssembly.instantiate = (module, imports) => {
      for (const functions of Object.values(imports)) {
        const name = Object.keys(functions).find((name) => /\.postMessage\(/.test(functions[name]));
        const post = functions[name];
        functions[name] = (target, ...rest) => post(watched(target), ...rest);
      }
      return instantiate(module, imports);
    };
  });
}

export const posts = (frame) => frame.evaluate(() => window.posts);
export const heard = (frame) => frame.evaluate(() => window.heard.filter((message) => !message?.marker));

/**
 * Waits until `to` has dealt with all that `from` posted to it so far, and the answers have come back. Both windows are
 * found from the other's code: `"parent"`, `"frames[0]"`.
 */
export async function settled(from, to, [toFrom, fromTo] = ["frames[0]", "parent"]) {
  for (const [sender, receiver, path] of [
    [from, to, toFrom],
    [to, from, fromTo],
  ]) {
    const marker = Math.random();
    await sender.evaluate(
      ([path, marker]) => {
        const [, name, index] = /^(\w+)(?:\[(\d+)\])?$/.exec(path);
        (index ? window[name][index] : window[name]).postMessage({ marker }, "*");
      },
      [path, marker],
    );
    await until("a marker", () =>
      receiver.evaluate((marker) => window.heard.some((message) => message?.marker === marker), marker),
    );
  }
}
