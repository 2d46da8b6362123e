// The peer: Hocuspocus with its default settings and a file behind its database extension; it is killed as power is cut.
// node peer_hocuspocus.js server FOLDER         -> prints its port, then lives until it is killed
// node peer_hocuspocus.js client PORT COUNT     -> writes COUNT characters, prints how many it says are synced
// node peer_hocuspocus.js count FOLDER          -> how many characters its file holds
const path = require("path"), fs = require("fs");
const modules = path.join(process.cwd(), "node_modules");
const Y = require(path.join(modules, "yjs"));
const [role, where, count] = process.argv.slice(2);
const file = (name) => path.join(name, "document.bin");

async function serve(folder) {
  const { Server } = require(path.join(modules, "@hocuspocus/server"));
  const { Database } = require(path.join(modules, "@hocuspocus/extension-database"));
  const extension = new Database({
    fetch: async () => (fs.existsSync(file(folder)) ? fs.readFileSync(file(folder)) : null),
    store: async ({ state }) => fs.writeFileSync(file(folder), state, { flush: true }),
  });
  const settings = { address: "127.0.0.1", port: 0, quiet: true, extensions: [extension] };
  const server = typeof Server === "function" ? new Server(settings) : Server.configure(settings);
  await server.listen();
  console.log(JSON.stringify({ port: server.address.port }));
}

async function write(port) {
  const { HocuspocusProvider, HocuspocusProviderWebsocket } = require(path.join(modules, "@hocuspocus/provider"));
  const websocketProvider = new HocuspocusProviderWebsocket({
    url: `ws://127.0.0.1:${port}`, WebSocketPolyfill: require(path.join(modules, "ws")),
  });
  const document = new Y.Doc();
  const provider = new HocuspocusProvider({ websocketProvider, name: "minutes", document });
  provider.attach?.();
  await new Promise((synced) => provider.on("synced", synced));
  const text = document.getText("t");
  for (let number = 0; number < Number(count); number += 1) {
    text.insert(text.length, "字");
    await new Promise((next) => setTimeout(next, 1));
  }
  while (provider.hasUnsyncedChanges) await new Promise((next) => setTimeout(next, 1));
  console.log(JSON.stringify({ synced: text.length }));
  process.exit(0);
}

function held(folder) {
  const document = new Y.Doc();
  if (fs.existsSync(file(folder))) Y.applyUpdate(document, fs.readFileSync(file(folder)));
  console.log(JSON.stringify({ held: document.getText("t").length }));
}

const acts = { server: () => serve(where), client: () => write(where), count: () => held(where) };
Promise.resolve(acts[role]()).catch((error) => { console.error(error); process.exit(1); });
