// An event for everybody over `ws`.
import { WebSocketServer } from "ws";
import { answer, isAgent, listen } from "./peer.mjs";

const NOT_SIGNED_IN = 4401;
const sockets = new Set();

const server = listen((event) => {
  // Bytes that are bytes already, which is what costs `ws` least.
  for (const socket of sockets) socket.send(event, { binary: false });
});

new WebSocketServer({ server }).on("connection", (socket) => {
  socket.once("message", (hello) => {
    if (!isAgent(JSON.parse(hello).token)) return socket.close(NOT_SIGNED_IN);
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("message", (order) => socket.send(JSON.stringify(answer(JSON.parse(order)))));
    socket.send('{"type":"welcome"}');
  });
});
