// What many a team writes by hand: answers as the API does, keeps what came, and checks next to nothing.

import { randomBytes } from "node:crypto";
import { createServer } from "node:http";

const CORS = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Allow-Methods": "OPTIONS,POST,PUT",
  "Access-Control-Allow-Headers": "Content-Type",
  "Access-Control-Expose-Headers": "Location",
};
const EVENTS = /^\/api\/v1\/sessions\/([0-9a-f]{64})\/events$/;
const sessions = new Map();

createServer((request, response) => {
  const pieces = [];
  request.on("data", (piece) => pieces.push(piece));
  request.on("end", () => {
    let event;
    try {
      event = JSON.parse(Buffer.concat(pieces).toString());
    } catch {
      return response.writeHead(400, CORS).end();
    }
    if (typeof event.eventType !== "string" || typeof event.playerTime?.ts !== "number") {
      return response.writeHead(400, CORS).end();
    }
    if (request.url === "/api/v1/sessions") {
      const id = randomBytes(32).toString("hex");
      sessions.set(id, [event]);
      return response.writeHead(201, { ...CORS, Location: `/api/v1/sessions/${id}`, "Content-Length": 0 }).end();
    }
    const events = sessions.get(EVENTS.exec(request.url)?.[1]);
    if (!events) {
      return response.writeHead(404, CORS).end();
    }
    events.push(event);
    return response.writeHead(204, CORS).end();
  });
}).listen(Number(process.argv[2]), "127.0.0.1");
