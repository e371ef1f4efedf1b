// limiter.js NAME WINDOW: a limiter of 40 requests in a window, such as 8000ms. Prints its address.
import express from "express";
import { rateLimit } from "express-rate-limit";
import fastifyRateLimit from "@fastify/rate-limit";
import fastify from "fastify";

const [name, windowText] = process.argv.slice(2);
const windowMs = Number.parseInt(windowText, 10);

function serveExpress(options) {
  const app = express();
  app.use(rateLimit({ windowMs, limit: 40, ...options }));
  app.get("/x/:n", (_, answer) => answer.type("text/plain").send("xx"));
  const server = app.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
}

async function serveFastify() {
  const app = fastify();
  await app.register(fastifyRateLimit, { max: 40, timeWindow: windowMs });
  app.get("/x/:n", async () => "xx");
  console.log(await app.listen({ host: "127.0.0.1", port: 0 }));
}

const limiters = {
  "express-draft-8": () => serveExpress({ standardHeaders: "draft-8", legacyHeaders: true }),
  "express-draft-7": () => serveExpress({ standardHeaders: "draft-7", legacyHeaders: false }),
  "express-draft-6": () => serveExpress({ standardHeaders: "draft-6", legacyHeaders: false }),
  "express-legacy": () => serveExpress({ standardHeaders: false, legacyHeaders: true }),
  fastify: serveFastify,
};

await limiters[name]();
