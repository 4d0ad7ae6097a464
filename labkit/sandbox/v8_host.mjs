// Runs one guest on V8 with Node's WASI, for labkit.sandbox.commands: told what to do in its first argument, and answering on a pipe.
import fs from "node:fs";
import { WASI } from "node:wasi";

const request = JSON.parse(process.argv[2]);
const say = (answer) => request.answer === null || fs.writeSync(request.answer, JSON.stringify(answer) + "\n");
// JSON has no large integers, NaN or infinities: numbers travel as text.
const given = (type, text) => (type === "i64" ? BigInt(text) : Number(text.replace(/inf$/, "Infinity")));
class Exit {
  constructor(code) {
    this.code = code >>> 0;
  }
}
const taken = (value) => (value === undefined ? [] : Array.isArray(value) ? value.map(String) : [String(value)]);

const wasi = new WASI({
  version: "preview1",
  args: request.argv,
  env: request.env,
  preopens: request.folders,
  stdin: 0,
  stdout: 1,
  stderr: 2,
});

const imports = wasi.getImportObject();
// Node's own would end this process at once, and with the lowest byte of the code alone.
const exit = (code) => {
  throw new Exit(code);
};
imports.wasi_snapshot_preview1 = { ...imports.wasi_snapshot_preview1, proc_exit: exit };

let begin = 0;
const seconds = () => (performance.now() - begin) / 1000;
try {
  const module = new WebAssembly.Module(fs.readFileSync(request.module));
  say({ started: true });
  begin = performance.now();
  const instance = new WebAssembly.Instance(module, imports);
  // Node insists on a memory, and a guest that needs none need not have one.
  const { _start, _initialize, memory = new WebAssembly.Memory({ initial: 0 }) } = instance.exports;
  if (request.export === null) {
    wasi.start({ exports: { _start, memory } });
    say({ exit_code: 0, wall_seconds: seconds() });
  } else {
    wasi.initialize({ exports: request.export === "_initialize" || _initialize === undefined ? { memory } : { _initialize, memory } });
    begin = performance.now();
    const value = instance.exports[request.export](...request.args.map((text, i) => given(request.types[i], text)));
    say({ values: taken(value), wall_seconds: seconds() });
  }
} catch (error) {
  if (error instanceof Exit) say({ exit_code: error.code, wall_seconds: seconds() });
  else say({ failure: error?.name ?? "Error", message: String(error?.message ?? error), stack: String(error?.stack ?? "") });
}
process.exit(0);
