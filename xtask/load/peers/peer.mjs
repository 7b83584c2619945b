// What the peers have in common, so that they do what the gateway does: who may connect, what an order is answered, and where they
// are told that something happened.
import { createServer } from "node:http";

const [port, sockets] = process.argv.slice(2).map(Number);

const tokens = new Set(Array.from({ length: sockets }, (_, index) => `token-${index}`));

export const isAgent = (token) => tokens.has(token);

const CALLER_IDS = [
  { number: "+16175550150", label: "Direct line" },
  { number: "+16175550190", label: "Sales, Boston" },
  { number: "+442079460150", label: "Support, London" },
];

export const answer = ({ id }) => ({ type: "reply", id, result: { caller_ids: CALLER_IDS } });

/** Listens; `happened` is given each event that is posted. */
export const listen = (happened) => {
  const server = createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      happened(Buffer.concat(chunks));
      response.writeHead(204).end();
    });
  });
  return server.listen({ port, host: "127.0.0.1", backlog: 1024 });
};
