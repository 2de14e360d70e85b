const ms = require("ms");
const cors = require("cors");
const http = require("http");
http.createServer((req, res) => res.end("hello")).listen(process.env.PORT);
