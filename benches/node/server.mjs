// The peer `node ws`: listens on its standard input, which is a socket, and serves for ever.
import { createServer } from "node:http";
import { WebSocketServer } from "ws";

const isEcho = process.argv[2] === "echo";
const server = createServer();
const sockets = new WebSocketServer({ server });

sockets.on("connection", (socket) => {
  socket._socket.setNoDelay(true);
  socket.on("message", (message, isBinary) => {
    if (isEcho) {
      socket.send(message, { binary: isBinary });
    } else {
      for (const member of sockets.clients) member.send(message, { binary: isBinary });
    }
  });
});

server.listen({ fd: 0 });
