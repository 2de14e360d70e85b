const net = require("net");

const mongo = "mongodb://localhost:27917/shop";
net.connect(27917, "127.0.0.1");
