import http from "http";
import ms from "ms";

http.createServer((req, res) => res.end(ms(1000))).listen(process.env.PORT);
