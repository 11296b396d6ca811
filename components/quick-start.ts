// Spares a preview what it would only wait for. To be imported before anything else: it is paid when modules are loaded. What
// runs stays the same, and so do the files that it is read from: there is no build step.

import type { Session } from "node:inspector";
import Module, { createRequire, enableCompileCache } from "node:module";
import { join } from "node:path";

// Compiled code, and TypeScript without its types, kept by what is in a file: one that was edited is compiled anew.
enableCompileCache(join(import.meta.dirname, "../node_modules/.cache/compile"));

// The SDK has each stack looked up in source maps. Node strips types without moving anything: what it says of our files is
// right as it is.
Reflect.deleteProperty(Error, "prepareStackTrace");

// What the SDK needs for what is not done here, two thirds of all modules: TypeScript's compiler and npm's own resolver, to turn
// functions into text; its automation API, to be a program that runs Pulumi. Who asks for something of them has it all the same.
const require = createRequire(import.meta.url);
lazily("@pulumi/pulumi/typescript-shim.js");
lazily("@pulumi/pulumi/automation/index.js");
lazily("@pulumi/pulumi/runtime/closure/codePaths.js", "@npmcli/arborist");

unwatched();
if (!process.env["PULUMI_DEBUG_PROMISE_LEAKS"]) withoutOrigins();

/** For those texts it also has Node's debugger on, which makes all that waits cost twice as much. */
function unwatched(): void {
  try {
    const hooks = require.cache[require.resolve("@pulumi/pulumi/runtime/closure/v8Hooks.js")];
    const { getSessionAsync } = (hooks?.exports ?? {}) as { getSessionAsync?: () => Promise<Session> };
    void getSessionAsync?.().then((session) => {
      session.post("Debugger.disable");
    });
  } catch {
    // It is not there.
  }
}

/** Of each of its promises it keeps where it was made, a third of what a large program costs. It says so where that variable is set, and only there. */
function withoutOrigins(): void {
  try {
    type Keep = (promise: Promise<unknown>, context: unknown) => Promise<unknown>;
    const promises = require("@pulumi/pulumi/runtime/debuggable.js") as { debuggablePromise: Keep };
    const keep = promises.debuggablePromise;
    promises.debuggablePromise = (promise, context) => {
      const { stackTraceLimit } = Error;
      Error.stackTraceLimit = 0;
      try {
        return keep(promise, context);
      } finally {
        Error.stackTraceLimit = stackTraceLimit;
      }
    };
  } catch {
    // It is not there.
  }
}

/** Loads a module, or what that one needs, once something of it is used. Another version of the SDK may not have it: then nothing is spared. */
function lazily(file: string, needed?: string): void {
  try {
    const path = needed === undefined ? require.resolve(file) : createRequire(require.resolve(file)).resolve(needed);
    if (require.cache[path] !== undefined) return;
    const module = new Module(path);
    Object.assign(module, { filename: path, loaded: true, exports: standIn(path) });
    require.cache[path] = module;
  } catch {
    // It is not there.
  }
}

/** What a module exports, without the module. */
function standIn(path: string): object {
  let real: object | undefined;
  const load = (): object => {
    if (real === undefined) {
      Reflect.deleteProperty(require.cache, path);
      real = require(path) as object;
    }
    return real;
  };
  // What compiled code asks first is whether it may take the exports as they are.
  return new Proxy({}, { get: (_, name) => name === "__esModule" || (Reflect.get(load(), name) as unknown) });
}
