const express = require("express");
const app = express();
app.get("/", (req, res) => res.send(`NODE_ENV=${process.env.NODE_ENV}`));
app.listen(process.env.PORT || 3000, () => console.log("listening"));
