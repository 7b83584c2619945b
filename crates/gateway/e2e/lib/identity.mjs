// An identity provider: a page with two choices, and an ID token signed with RSA. It asks for no password.
import { createHash, createSign, generateKeyPairSync, randomUUID } from "node:crypto";
import { createServer } from "node:http";

const base64url = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

export class IdentityProvider {
  /** Headers of its page. */
  headers = {};
  /** Whether it asks anybody anything. */
  asks = true;
  #codes = new Map();
  #server;
  #keys = generateKeyPairSync("rsa", { modulusLength: 2048 });

  static async start() {
    const provider = new IdentityProvider();
    provider.#server = createServer((request, response) => {
      provider.#answer(request, response).catch(() => response.writeHead(500).end());
    });
    await new Promise((done) => provider.#server.listen(0, "127.0.0.1", done));
    provider.issuer = `http://127.0.0.1:${provider.#server.address().port}`;
    return provider;
  }

  async close() {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  async #answer(request, response) {
    const { pathname, searchParams } = new URL(request.url, this.issuer);
    const json = (value, status = 200) =>
      response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(value));
    switch (pathname) {
      case "/.well-known/openid-configuration":
        return json({
          issuer: this.issuer,
          authorization_endpoint: `${this.issuer}/authorize`,
          token_endpoint: `${this.issuer}/token`,
          jwks_uri: `${this.issuer}/keys`,
        });
      case "/keys":
        return json({ keys: [{ ...this.#keys.publicKey.export({ format: "jwk" }), kid: "1", use: "sig", alg: "RS256" }] });
      case "/authorize":
        return this.#page(searchParams, response);
      case "/token":
        return json(...this.#token(new URLSearchParams(Buffer.concat(await request.toArray()).toString())));
      default:
        return response.writeHead(404).end();
    }
  }

  #page(asked, response) {
    const code = randomUUID();
    this.#codes.set(code, asked);
    const back = (fields) => `${asked.get("redirect_uri")}?${new URLSearchParams({ state: asked.get("state"), ...fields })}`;
    if (!this.asks) return response.writeHead(302, { Location: back({ code }) }).end();
    const link = (name, fields) => `<p><a href="${back(fields).replaceAll("&", "&amp;")}">${name}</a></p>`;
    response
      .writeHead(200, { "Content-Type": "text/html", ...this.headers })
      .end(`<!doctype html><title>Who are you?</title>${link("Allow", { code })}${link("Deny", { error: "access_denied" })}`);
  }

  #token(form) {
    const asked = this.#codes.get(form.get("code"));
    this.#codes.delete(form.get("code"));
    const challenge = createHash("sha256").update(form.get("code_verifier") ?? "").digest("base64url");
    if (asked?.get("code_challenge") !== challenge) return [{ error: "invalid_grant" }, 400];
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: this.issuer,
      aud: asked.get("client_id"),
      sub: "248289761001",
      nonce: asked.get("nonce"),
      name: "Alexandra Example",
      iat: now,
      exp: now + 300,
    };
    const text = `${base64url({ alg: "RS256", kid: "1" })}.${base64url(claims)}`;
    const signature = createSign("RSA-SHA256").update(text).sign(this.#keys.privateKey, "base64url");
    return [{ id_token: `${text}.${signature}`, access_token: "a", token_type: "Bearer" }];
  }
}
