const key = process.env.STRIPE_SECRET_KEY;

if (!key) {
  throw new Error("STRIPE_SECRET_KEY is required");
}
const http = require("http");
http.createServer((req, res) => res.end("hello")).listen(process.env.PORT);
