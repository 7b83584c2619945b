// An event for everybody over socket.io.
import { Server } from "socket.io";
import { answer, isAgent, listen } from "./peer.mjs";

const server = listen((event) => io.emit("event", JSON.parse(event)));
const io = new Server(server, { transports: ["websocket"], serveClient: false });

// Its guide to performance has it so: the first request is not kept.
io.engine.on("connection", (socket) => {
  socket.request = null;
});
io.use((socket, next) => next(isAgent(socket.handshake.auth.token) ? undefined : new Error("not signed in")));
io.on("connection", (socket) => {
  socket.on("request", (order, reply) => reply(answer(order)));
});
