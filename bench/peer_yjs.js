// The peer: Yjs merges two offline edits of one long text. node peer_yjs.js BASE A B -> seconds, the median of five.
const path = require("path"), fs = require("fs");
const Y = require(path.join(process.cwd(), "node_modules", "yjs"));
const [base, a, b] = process.argv.slice(2).map((file) => fs.readFileSync(file));
const times = [];
for (let turn = 0; turn < 5; turn += 1) {
  const document = new Y.Doc();
  Y.applyUpdate(document, base);
  const began = process.hrtime.bigint();
  Y.applyUpdate(document, a);
  Y.applyUpdate(document, b);
  Y.encodeStateAsUpdate(document);
  times.push(Number(process.hrtime.bigint() - began) / 1e9);
}
console.log(JSON.stringify({ seconds: times.sort((x, y) => x - y)[2] }));
