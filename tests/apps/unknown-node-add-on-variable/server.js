const address = new URL(process.env.DATABASE_URL);
const http = require("http");
http.createServer((req, res) => res.end("hello")).listen(process.env.PORT);
