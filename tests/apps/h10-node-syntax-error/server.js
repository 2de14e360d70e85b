const http = require("http");

const port = ;
http.createServer().listen(port);
