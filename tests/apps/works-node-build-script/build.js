const fs = require("fs");
const ms = require("ms");
fs.mkdirSync("dist");
fs.copyFileSync("src/server.js", "dist/server.js");
console.log(`built within ${ms(60000)}`);
