// The peer: the same records written into PouchDB and replicated to express-pouchdb over HTTP on loopback.
// node peer_pouch.js FOLDER COUNT TEXT -> {"push": docs/s, "bytes": body bytes a doc, "pull": docs/s}
const path = require("path"), fs = require("fs"), http = require("http");
const [folder, count, text] = [process.argv[2], Number(process.argv[3]), process.argv[4]];
const modules = path.join(process.cwd(), "node_modules");
const PouchDB = require(path.join(modules, "pouchdb-node"));
const express = require(path.join(modules, "express"));
const serve = require(path.join(modules, "express-pouchdb"));

function document(number) {
  const id = number.toString(16).padStart(8, "0");
  return {
    _id: `01939c3e-7a00-7000-8000-0000${id}`, entity: "opinion", meeting: "01939c3e-7a00-7000-8000-000000000001",
    site: "100000/440000/441300/441323/", text: `${text}${number}`, state: "noted",
    person: "01939c3e-7a00-7000-8000-0000000000aa", device: "00112233445566778899aabbccddeeff",
    unit_path: "100000/440000/441300/441323/", written_at: "2026-11-20T07:00:00.000Z",
  };
}

(async () => {
  for (const each of ["server", "client", "empty"]) fs.mkdirSync(path.join(folder, each), { recursive: true });
  const Server = PouchDB.defaults({ prefix: path.join(folder, "server") + "/" });
  const app = express();
  app.use("/", serve(Server, { mode: "minimumForPouchDB", inMemoryConfig: true, logPath: path.join(folder, "log.txt") }));
  const server = http.createServer(app);
  let bytes = 0;
  server.on("connection", (socket) => socket.on("close", () => { bytes += socket.bytesRead; }));
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  const local = new PouchDB(path.join(folder, "client", "db"));
  for (let at = 0; at < count; at += 1000) {
    await local.bulkDocs(Array.from({ length: Math.min(1000, count - at) }, (_, n) => document(at + n)));
  }
  const remote = new PouchDB(`http://127.0.0.1:${server.address().port}/db`);
  let began = process.hrtime.bigint();
  const done = await PouchDB.replicate(local, remote, { batch_size: 1000 });
  const push = count / (Number(process.hrtime.bigint() - began) / 1e9);
  if (done.docs_written !== count) throw new Error(`only ${done.docs_written} of ${count} arrived`);
  let pull = null;
  try {
    began = process.hrtime.bigint();
    const empty = new PouchDB(path.join(folder, "empty", "db"));
    const came = await PouchDB.replicate(remote, empty, { batch_size: 1000 });
    if (came.docs_written === count) pull = count / (Number(process.hrtime.bigint() - began) / 1e9);
  } catch (error) { /* reported as unknown */ }
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
  console.log(JSON.stringify({ push, pull, bytes: bytes / count }));
  process.exit(0);
})().catch((error) => { console.error(error); process.exit(1); });
