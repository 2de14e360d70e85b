const http = require("http");

const port = 3987;
const server = http.createServer((req, res) => res.end("hello"));

server.listen(port, () => console.log(`listening on ${port}`));
